/** True for anything `await` would wait for, whichever library made it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** Marks a promise nobody will wait for, so that its rejection cannot end the process. */
export function abandon(promise: PromiseLike<unknown>): void {
  promise.then(undefined, dropped);
}

const dropped = (): void => undefined;

/** Calls `done` once `run` has ended, now or later, and changes nothing about how it ends. */
export function finishing(run: () => unknown, done: (failed: boolean) => void): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    done(true);
    throw error;
  }
  if (!isThenable(result)) {
    done(false);
    return result;
  }
  return result.then(
    (value) => {
      done(false);
      return value;
    },
    (error: unknown) => {
      done(true);
      throw error;
    },
  );
}
