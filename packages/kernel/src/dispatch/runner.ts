import { SyncHook } from "tapable";
import { hookCoreMissing } from "../errors.js";
import type { AnyHookDef, HookDef, HookKind } from "../hook.js";
import type { Tap } from "../tap.js";
import { compileBail, compileWaterfall } from "./answers.js";
import { compileAround } from "./around.js";
import { compileCollect, type Collected } from "./collect.js";
import type { Compiler, Core, DispatchEnv, Dispatcher } from "./compiler.js";
import { ALLOWED, compileGuard, type Judgement } from "./guard.js";
import { compileSeries, compileSync } from "./observe.js";
import { compileReserve, GRANTED, type Reservation } from "./reserve.js";

/** What every runner tells about itself. */
export interface RunnerInfo {
  /** False when nobody taps the hook: the caller may skip all work for it. */
  readonly used: boolean;
  /** In the order in which they run. */
  readonly taps: readonly { readonly plugin: string }[];
}

/** How each kind is called. A promise is returned only when a tap returned one (`collect`: always). */
export interface Runners<V, C, R> {
  series: RunnerInfo & { call(value: V, ctx: C): undefined | Promise<undefined> };
  sync: RunnerInfo & { call(value: V, ctx: C): undefined };
  waterfall: RunnerInfo & { call(value: V, ctx: C): V | Promise<V> };
  bail: RunnerInfo & { call(value: V, ctx: C): R | undefined | Promise<R | undefined> };
  around: RunnerInfo & { call(request: V, ctx: C, core: (request: V, ctx: C) => R): R };
  collect: RunnerInfo & { call(value: V, ctx: C): Promise<Collected<R>[]> };
  guard: RunnerInfo & { call(value: V, ctx: C): Judgement<V> | Promise<Judgement<V>> };
  reserve: RunnerInfo & { call(value: V, ctx: C): Reservation<R> | Promise<Reservation<R>> };
}

/** The runner of hook `D`. */
export type RunnerOf<D> = D extends HookDef<infer K, infer V, infer C, infer R> ? Runners<V, C, R>[K] : never;

/** A runner whose hook is not known to the compiler. */
export interface AnyRunner extends RunnerInfo {
  call(value: unknown, ctx: unknown, core?: Core): unknown;
}

const COMPILERS: Readonly<Record<HookKind, Compiler>> = {
  series: compileSeries,
  sync: compileSync,
  waterfall: compileWaterfall,
  bail: compileBail,
  around: compileAround,
  collect: compileCollect,
  guard: compileGuard,
  reserve: compileReserve,
};

const empty = (call: Dispatcher): AnyRunner => Object.freeze({ used: false, taps: Object.freeze([]), call });

/** One per kind, for hooks that nobody taps. */
export const EMPTY: Readonly<Record<HookKind, AnyRunner>> = {
  series: empty(() => undefined),
  sync: empty(() => undefined),
  waterfall: empty((value) => value),
  bail: empty(() => undefined),
  around: empty((request, ctx, core) => {
    if (core === undefined) throw hookCoreMissing();
    return core(request, ctx);
  }),
  collect: empty(() => Promise.resolve([])),
  guard: empty(() => ALLOWED),
  reserve: empty(() => GRANTED),
};

/** What tapable hands to `compile`, and the two members it leaves out of its declarations. */
interface Carrier {
  call: Dispatcher;
  compile: (options: { readonly taps: readonly unknown[] }) => Dispatcher;
}

type CarriedTap = { name: string; stage: number; tap: Tap };
const STAGES = { pre: -100, normal: 0, post: 100 } as const;

/** Changes taps as they are registered; `profile()` times them this way. */
export type Register = (tap: Tap) => Tap;

/**
 * Puts sorted taps on a tapable hook whose `compile` step is ours: registration, stages and interception stay tapable's,
 * while calls go through our dispatchers, which attribute errors, enforce time-outs and need no code generation.
 */
export function createRunner(def: AnyHookDef, taps: readonly Tap[], env: DispatchEnv, register?: Register): AnyRunner {
  if (taps.length === 0) return EMPTY[def.kind];
  const hook = new SyncHook<[unknown, unknown], unknown, CarriedTap>(["value", "ctx"], def.name);
  const carrier = hook as unknown as Carrier;
  carrier.compile = (options) =>
    COMPILERS[def.kind](
      def,
      options.taps.map((carried) => (carried as CarriedTap).tap),
      env,
    );
  if (register !== undefined) hook.intercept({ register: (carried) => ({ ...carried, tap: register(carried.tap) }) });
  for (const tap of taps) hook.tap({ name: tap.plugin, stage: STAGES[tap.stage], tap }, tap.fn);
  return Object.freeze({
    used: true,
    taps: Object.freeze(taps.map(({ plugin }) => Object.freeze({ plugin }))),
    // Through the hook, because tapable replaces its `call` by the compiled one at the first use.
    call: (value: unknown, ctx: unknown, core?: Core) => carrier.call(value, ctx, core),
  });
}
