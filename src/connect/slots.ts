import { setTimeout as sleep } from 'node:timers/promises';

/** sshd allows ten sessions a connection by default (MaxSessions); four are enough for us. */
const LIMIT = 4;
/** The server may need a moment to free the session that has just ended. */
const PATIENCE_MS = [50, 200, 800];

export interface Slots {
  /** Starts work that holds a slot until it calls `release`; waits where none is free. */
  use<T>(start: (release: () => void) => Promise<T>): Promise<T>;
}

/** Sessions in flight on one connection. Where the server allows fewer, the limit falls to what it does allow. */
export function sessionSlots(): Slots {
  let limit = LIMIT;
  let used = 0;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    used -= 1;
    waiting.shift()?.();
  };

  async function enter(): Promise<void> {
    while (used >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    used += 1;
  }

  async function use<T>(start: (release: () => void) => Promise<T>, tries = 0): Promise<T> {
    await enter();
    let released = false;
    const release = (): void => {
      if (!released) leave();
      released = true;
    };
    try {
      return await start(release);
    } catch (error) {
      release();
      if (!isSessionLimit(error) || (used === 0 && tries >= PATIENCE_MS.length)) throw error;
    }
    // As many as are in use now is what the server allows: wait until one of them ends.
    if (used > 0) {
      limit = used;
      return use(start, tries);
    }
    await sleep(PATIENCE_MS[tries]);
    return use(start, tries + 1);
  }

  return { use: (start) => use(start) };
}

/** RFC 4254 5.1: reason 2 is SSH_OPEN_CONNECT_FAILED, with which OpenSSH refuses a session beyond MaxSessions. */
function isSessionLimit(error: unknown): boolean {
  const reason = (error as { reason?: unknown } | null)?.reason;
  return reason === 2 || reason === 4;
}
