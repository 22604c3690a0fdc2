/** A timer that fires once after so many seconds without a `touch`. It is paused while the user is asked. */
export interface Deadline {
  readonly touch: () => void;
  readonly stop: () => void;
  readonly paused: <T>(work: () => Promise<T>) => Promise<T>;
}

export function deadline(seconds: number, onLate: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let pauses = 0;
  const touch = (): void => {
    clearTimeout(timer);
    if (!stopped && pauses === 0) timer = setTimeout(onLate, seconds * 1000);
  };
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
  };
  const paused = async <T>(work: () => Promise<T>): Promise<T> => {
    pauses += 1;
    clearTimeout(timer);
    try {
      return await work();
    } finally {
      pauses -= 1;
      touch();
    }
  };
  touch();
  return { touch, stop, paused };
}
