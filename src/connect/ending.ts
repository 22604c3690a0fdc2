/** How a connection ends. The first reason counts: later ones follow from it. */
export interface ConnectionLife {
  /** Undefined while the connection is open. */
  reason(): Error | undefined;
  end(reason: Error): void;
  /** Never resolves; rejects with the reason. */
  readonly ended: Promise<never>;
}

/** @param onEnd called once, to release what the connection uses */
export function ending(onEnd: () => void): ConnectionLife {
  let reason: Error | undefined;
  let reject: (error: Error) => void = () => {};
  const ended = new Promise<never>((_resolve, rejectEnded) => {
    reject = rejectEnded;
  });
  ended.catch(() => {}); // No unhandled rejection if it ends while no caller waits.
  const end = (error: Error): void => {
    if (reason !== undefined) return;
    reason = error;
    reject(error);
    onEnd();
  };
  return { reason: () => reason, end, ended };
}
