import { setMaxListeners } from 'node:events';

/** The effect of Ctrl-C: while a run only reads, it closes the connections; once a run writes, it finishes the present hosts first. */
export interface Interrupt {
  /** Aborted when connections are to be closed. */
  readonly cut: AbortSignal;
  /** Did the user press Ctrl-C? Then no further host is begun. */
  readonly asked: () => boolean;
  /** From now on the present hosts are finished, even after Ctrl-C. */
  readonly hold: () => void;
}

/** @param whenHeld called at a Ctrl-C that ends nothing, because hosts are in the middle of a change */
export function interruptBy(user: AbortSignal, whenHeld: () => void = () => {}): Interrupt {
  const cut = new AbortController();
  setMaxListeners(0, cut.signal); // one for each connection, however many hosts
  let held = false;
  user.addEventListener('abort', () => (held ? whenHeld() : cut.abort()), { once: true });
  if (user.aborted) cut.abort();
  return { cut: cut.signal, asked: () => user.aborted, hold: () => void (held = true) };
}
