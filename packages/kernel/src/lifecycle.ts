import type { Instance } from "./instance.js";

/**
 * Starts those of `ordered` that are `fresh`, one after the other, and has what they provide published in `registry`.
 * Synchronous as long as their setups are. `started` tells the caller what to roll back when one fails.
 */
export function startAll(
  ordered: readonly Instance[],
  fresh: ReadonlySet<Instance>,
  registry: ReadonlyMap<string, unknown>,
  publish: (instance: Instance) => void,
  started: Instance[],
  from = 0,
): void | Promise<void> {
  for (let index = from; index < ordered.length; index++) {
    const instance = ordered[index]!;
    if (!fresh.has(instance)) continue;
    instance.services = registry;
    started.push(instance);
    const pending = instance.start();
    if (pending !== undefined) {
      return pending.then(() => {
        publish(instance);
        return startAll(ordered, fresh, registry, publish, started, index + 1);
      });
    }
    publish(instance);
  }
}

/** Stops in reverse order of start, each before the next; gives everything that was thrown. */
export async function stopAll(started: readonly Instance[]): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const instance of started.toReversed()) errors.push(...(await instance.stop()));
  return errors;
}

/** Flushes all at once; gives everything that was thrown. */
export async function flushAll(instances: readonly Instance[]): Promise<readonly unknown[]> {
  return (await Promise.all(instances.map((instance) => instance.flush()))).flat();
}
