import { allow, createKernel, defineHook, definePlugin } from "@graphtap/kernel";

const chunkHook = defineHook.sync<{ n: number }, { seen: number }>("bench.dispatch.chunk");
const seriesHook = defineHook.series<{ n: number }, { seen: number }>("bench.dispatch.series");
const guardHook = defineHook.guard<{ n: number }, { seen: number }>("bench.dispatch.guard");
const aroundHook = defineHook.around<{ n: number }, Promise<number>>("bench.dispatch.around");

const FIVE = [1, 2, 3, 4, 5] as const;
const kernel = createKernel({
  name: "bench",
  plugins: FIVE.map((i) =>
    definePlugin({
      name: `bench-${i}`,
      version: "1.0.0",
      setup(api) {
        // Each plugin has functions of its own, as in life: one shared function would be a micro-benchmark's dream.
        const observe = (_value: { n: number }, ctx: { seen: number }): undefined => {
          ctx.seen += i;
        };
        api.tap(chunkHook, observe);
        api.tap(seriesHook, (value, ctx) => observe(value, ctx));
        api.tap(guardHook, (value, ctx) => (observe(value, ctx), allow()));
        api.tap(aroundHook, async (request, next) => (await next(request)) + i);
      },
    })(),
  ),
});
const epoch = kernel.pin();
const chunk = epoch.runner(chunkHook);
const series = epoch.runner(seriesHook);
const guard = epoch.runner(guardHook);
const around = epoch.runner(aroundHook);

const ctx = { seen: 0 };
const value = { n: 1 };
const LENGTH = 500;

async function* source(): AsyncGenerator<{ n: number }> {
  for (let i = 0; i < LENGTH; i++) yield value;
}

/** A `for await` over a stream, and the same with five synchronous taps on each chunk. */
export const loops = {
  async bare(): Promise<void> {
    for await (const c of source()) if (c.n === 0) throw new Error("never");
  },
  async tapped(): Promise<void> {
    for await (const c of source()) chunk.call(c, ctx);
  },
};

const core = (request: { n: number }): Promise<number> => Promise.resolve(request.n);
type Layer = (request: { n: number }, next: (request?: { n: number }) => Promise<number>) => Promise<number>;
const layers: readonly Layer[] = FIVE.map((i) => async (request, next) => (await next(request)) + i);
const compose = (at: number): ((request: { n: number }) => Promise<number>) => {
  const layer = layers[at];
  if (layer === undefined) return core;
  const inner = compose(at + 1);
  return (request) => layer(request, (changed) => inner(changed ?? request));
};
const byHand = compose(0);

/** Five layers around a function: written by hand, and through the hook. */
export const onions = { byHand: () => byHand(value), hook: () => around.call(value, undefined, core) };

/** Bytes that one synchronous call leaves on the heap; calls are counted so that a scavenge in between shows. */
export function bytesPerCall(
  calls = 200_000,
): { readonly sync: number; readonly series: number; readonly guard: number } | null {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) return null;
  const measure = (call: () => unknown): number => {
    for (let i = 0; i < 20_000; i++) call();
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < calls; i++) call();
      least = Math.min(least, Math.max(0, process.memoryUsage().heapUsed - before));
    }
    return least / calls;
  };
  return {
    sync: measure(() => chunk.call(value, ctx)),
    series: measure(() => series.call(value, ctx)),
    guard: measure(() => guard.call(value, ctx)),
  };
}
