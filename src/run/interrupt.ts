import { setMaxListeners } from 'node:events';

/** What an interrupt (Ctrl-C) does: it cuts connections as long as there is only reading, and waits once there is writing. */
export interface Interrupt {
  /** For connections: aborted when they are to be cut. */
  readonly cut: AbortSignal;
  /** Was an interrupt asked for? Then no further host is begun. */
  readonly asked: () => boolean;
  /** From now on the present hosts come to their end, whatever is asked. */
  readonly hold: () => void;
}

export function interruptBy(user: AbortSignal): Interrupt {
  const cut = new AbortController();
  setMaxListeners(0, cut.signal); // one for each connection, however many hosts
  let held = false;
  user.addEventListener('abort', () => held || cut.abort(), { once: true });
  if (user.aborted) cut.abort();
  return { cut: cut.signal, asked: () => user.aborted, hold: () => void (held = true) };
}
