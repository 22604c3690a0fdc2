import { setTimeout as sleep } from 'node:timers/promises';
import { Limiter } from '../concurrency/limiter.ts';

/** sshd allows ten sessions a connection by default (MaxSessions); four are enough here. */
const LIMIT = 4;
/** The server may need a moment to free the session that has just ended. */
const PATIENCE_MS = [50, 200, 800];

export interface Slots {
  /** Starts work that holds a slot until it calls `release`; waits if none is free. */
  use<T>(start: (release: () => void) => Promise<T>): Promise<T>;
}

/** Limits the sessions in flight on one connection. If the server allows fewer, the limit falls to what it allows. */
export function sessionSlots(): Slots {
  const limiter = new Limiter(LIMIT);

  async function use<T>(start: (release: () => void) => Promise<T>, tries = 0): Promise<T> {
    const release = await limiter.enter();
    try {
      return await start(release);
    } catch (error) {
      release();
      if (!isSessionLimit(error) || (limiter.used === 0 && tries >= PATIENCE_MS.length)) throw error;
    }
    // The server allows as many sessions as are in use now: wait until one of them ends.
    if (limiter.used > 0) {
      limiter.limit = limiter.used;
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
