/** How a connection ends. Of several reasons the first counts: the others follow from it. */
export interface ConnectionLife {
  /** Undefined while it lives. */
  reason(): Error | undefined;
  end(reason: Error): void;
  /** Never resolves; rejects with the reason. */
  readonly ended: Promise<never>;
}

/** @param onEnd called once, to let go of what the connection holds */
export function ending(onEnd: () => void): ConnectionLife {
  let reason: Error | undefined;
  let reject: (error: Error) => void = () => {};
  const ended = new Promise<never>((_resolve, rejectEnded) => {
    reject = rejectEnded;
  });
  ended.catch(() => {}); // It may end while nobody is waiting.
  const end = (error: Error): void => {
    if (reason !== undefined) return;
    reason = error;
    reject(error);
    onEnd();
  };
  return { reason: () => reason, end, ended };
}
