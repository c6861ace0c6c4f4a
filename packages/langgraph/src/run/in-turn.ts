type Step = () => undefined | void | Promise<unknown>;

/**
 * Steps one after the other: all of them in this turn as long as none has to be waited for. What a step throws is a
 * rejection, so that a caller has one way of failing; the steps after it do not run.
 *
 * @returns undefined when everything is done
 */
export function inTurn(...steps: readonly Step[]): undefined | Promise<void> {
  try {
    for (const [at, step] of steps.entries()) {
      const pending = step();
      if (pending !== undefined) return rest(pending, steps.slice(at + 1));
    }
    return undefined;
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

async function rest(first: Promise<unknown>, steps: readonly Step[]): Promise<void> {
  await first;
  for (const step of steps) await step();
}
