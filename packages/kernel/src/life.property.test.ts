import fc from "fast-check";
import { expect, it } from "vitest";
import { fakeClock } from "./fixtures/fake-clock.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import { definePlugin, type Plugin } from "./plugin.js";
import { defineService } from "./service.js";

const PLUGINS = 6;
const name = (index: number): string => `p${index}`;
const keys = Array.from({ length: PLUGINS }, (_, index) => defineService<number>()(`acme.s${index}`));
const hook = defineHook.waterfall<readonly string[]>("acme.trail.walk");

/** How a plugin behaves at one moment of its life. */
const way = fc.constantFrom("now", "now", "later", "throws", "rejects", "hangs");
type Way = "now" | "later" | "throws" | "rejects" | "hangs";
function behave(way: Way): void | Promise<void> {
  if (way === "throws") throw new Error("thrown");
  if (way === "rejects") return Promise.reject(new Error("rejected"));
  if (way === "hangs") return new Promise(() => undefined);
  return way === "later" ? Promise.resolve() : undefined;
}

const spec = fc.record({
  /** Indices of plugins; only smaller ones, so that no ring can come about but through before/after. */
  requires: fc.uniqueArray(fc.nat(PLUGINS - 1), { maxLength: 2 }),
  after: fc.uniqueArray(fc.nat(PLUGINS - 1), { maxLength: 1 }),
  setup: way,
  dispose: fc.uniqueArray(way, { maxLength: 3 }),
});

it("whatever fails or hangs at boot or at dispose: who had begun ends exactly once, last begun first", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(spec, { minLength: 1, maxLength: PLUGINS }), async (specs) => {
      const clock = fakeClock();
      const begun: string[] = [];
      const ended: string[] = [];
      const plugins = specs.map((one, index) =>
        definePlugin({
          name: name(index),
          version: "1.0.0",
          provides: [keys[index]!],
          requires: one.requires.filter((other) => other < index).map((other) => keys[other]!),
          after: one.after.map((other) => `${name(other)}?`),
          setup(api) {
            begun.push(api.id);
            api.provide(keys[index]!, index);
            let left = one.dispose.length;
            api.onDispose(() => void ended.push(api.id));
            for (const how of one.dispose)
              api.onDispose(() => {
                expect(ended, "an own disposer that was registered later comes first").not.toContain(api.id);
                left--;
                expect(left).toBeGreaterThanOrEqual(0);
                return behave(how);
              });
            return behave(one.setup);
          },
        })(),
      );
      const kernel = createKernel({ plugins, clock });
      const settled = Promise.allSettled([kernel.ready()]);
      let over = false;
      void settled.then(() => (over = true));
      for (let step = 0; step < 200 && !over; step++) await clock.advance(5_000);
      const [boot] = await settled;
      if (boot.status === "fulfilled") {
        expect(begun).toHaveLength(specs.length);
        expect(ended).toEqual([]);
      }
      const disposal = Promise.allSettled([kernel.dispose(), kernel.dispose()]);
      over = false;
      void disposal.then(() => (over = true));
      for (let step = 0; step < 200 && !over; step++) await clock.advance(5_000);
      await disposal;
      expect(ended).toEqual(begun.toReversed());
      expect(kernel.state).toBe("disposed");
    }),
    { numRuns: 300 },
  );
});

interface Step {
  readonly do: "use" | "remove" | "replace" | "pin" | "call" | "release";
  readonly which: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("use", "remove", "replace", "pin", "call", "release"),
  which: fc.nat(3),
});
it("whatever is added, removed and replaced: a run keeps its taps, nobody is disposed under a run, everybody once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, async) => {
      const alive = new Set<string>();
      const started: string[] = [];
      const stopped: string[] = [];
      let made = 0;
      const make = (which: number): Plugin => {
        const version = `${made++}.0.0`;
        return definePlugin({
          name: name(which),
          version,
          setup(api) {
            const label = `${api.name}@${version}`;
            started.push(label);
            alive.add(label);
            api.onDispose(() => {
              expect(alive.delete(label), `${label} is disposed once`).toBe(true);
              stopped.push(label);
            });
            api.tap(hook, (trail) => {
              expect(alive.has(label), `${label} is alive when it is called`).toBe(true);
              return async ? Promise.resolve([...trail, label]) : [...trail, label];
            });
            return async ? Promise.resolve() : undefined;
          },
        })();
      };
      const kernel = createKernel({ plugins: [make(0), make(1)] });
      await kernel.ready();
      const trailOf = async (from: { call: unknown }): Promise<readonly string[]> =>
        (from.call as (value: readonly string[], ctx: undefined) => Promise<readonly string[]>)([], undefined);
      const runs: { trail: readonly string[]; release(): void; again(): Promise<readonly string[]> }[] = [];
      const changes: Promise<unknown>[] = [];
      for (const one of steps) {
        if (one.do === "use" || one.do === "replace")
          changes.push(kernel[one.do](make(one.which)).catch(() => undefined));
        else if (one.do === "remove") changes.push(kernel.remove(name(one.which)).catch(() => undefined));
        else if (one.do === "call") await kernel.call(hook, []);
        else if (one.do === "pin") {
          const epoch = kernel.pin();
          const runner = epoch.runner(hook);
          const trail = await trailOf(runner);
          runs.push({ trail, release: () => epoch.release(), again: () => trailOf(runner) });
        } else runs.splice(one.which, 1)[0]?.release();
        for (const run of runs) expect(await run.again()).toEqual(run.trail);
      }
      for (const run of runs) run.release();
      await Promise.all(changes);
      const current = await kernel.call(hook, []);
      expect([...alive]).toEqual(expect.arrayContaining([...current]));
      expect(alive.size).toBe(current.length);
      await kernel.dispose();
      expect(alive.size).toBe(0);
      expect(stopped.toSorted()).toEqual(started.toSorted());
    }),
    { numRuns: 300 },
  );
});
