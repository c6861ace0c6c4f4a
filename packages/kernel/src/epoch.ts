import type { DispatchEnv } from "./dispatch/compiler.js";
import { createRunner, EMPTY, type AnyRunner, type Register, type RunnerOf } from "./dispatch/runner.js";
import { hookInvalid, hookNotADefinition } from "./errors.js";
import { isHookDef, type AnyHookDef } from "./hook.js";
import type { Instance, PluginInfo } from "./instance.js";
import { orderTaps } from "./tap-order.js";
import type { Tap } from "./tap.js";

/** How often a hook was called while somebody tapped it. */
export interface HookStats {
  calls: number;
}

/**
 * The taps of all hooks at one moment. It never changes: adding, removing and profiling make a new one, and whoever
 * pinned the old one goes on with it.
 */
export class Table {
  /** Pins that are not released. */
  pins = 0;
  readonly #runners = new WeakMap<AnyHookDef, AnyRunner>();
  readonly #taps: ReadonlyMap<string, readonly Tap[]>;
  #plugins: readonly PluginInfo[] | undefined;

  /** Throws TAP_ORDER_UNKNOWN, TAP_ORDER_CYCLE, or HOOK_INVALID when two hooks share a name. */
  constructor(
    readonly id: number,
    readonly instances: readonly Instance[],
    private readonly env: DispatchEnv,
    private readonly stats: Map<string, HookStats>,
    private readonly register: Register | undefined,
    declared: readonly AnyHookDef[],
  ) {
    const byName = new Map<string, Tap[]>();
    for (const instance of instances) {
      for (const tap of instance.taps) {
        const taps = byName.get(tap.def.name);
        if (taps === undefined) byName.set(tap.def.name, [tap]);
        else taps.push(tap);
      }
    }
    // At boot and not when a run fires the hook: then every run would fail.
    for (const def of declared) checkKind(def, byName.get(def.name) ?? []);
    const sorted = new Map<string, readonly Tap[]>();
    for (const [name, taps] of byName) {
      for (const tap of taps) checkKind(tap.def, taps);
      sorted.set(name, orderTaps(name, taps, instances));
    }
    this.#taps = sorted;
  }

  get plugins(): readonly PluginInfo[] {
    return (this.#plugins ??= Object.freeze(this.instances.map((instance) => instance.info)));
  }

  /** Hooks somebody taps, with their taps in order. */
  get taps(): ReadonlyMap<string, readonly Tap[]> {
    return this.#taps;
  }

  runner<D extends AnyHookDef>(def: D): RunnerOf<D> {
    return (this.#runners.get(def) ?? this.#make(def)) as RunnerOf<D>;
  }

  isTapped(def: AnyHookDef): boolean {
    return this.#taps.has(def.name);
  }

  #make(def: AnyHookDef): AnyRunner {
    if (!isHookDef(def)) throw hookNotADefinition(def);
    const taps = this.#taps.get(def.name);
    // By name: another copy of a package defines the same hook as another object.
    if (taps !== undefined) checkKind(def, taps);
    const runner =
      taps === undefined
        ? EMPTY[def.kind]
        : counted(createRunner(def, taps, this.env, this.register), this.#statsOf(def.name));
    this.#runners.set(def, runner);
    return runner;
  }

  #statsOf(name: string): HookStats {
    let stats = this.stats.get(name);
    if (stats === undefined) this.stats.set(name, (stats = { calls: 0 }));
    return stats;
  }
}

function counted(runner: AnyRunner, stats: HookStats): AnyRunner {
  const { call } = runner;
  return Object.freeze({
    ...runner,
    call: (value: unknown, ctx: unknown, core?: Parameters<AnyRunner["call"]>[2]) => {
      stats.calls++;
      return call(value, ctx, core);
    },
  });
}

function checkKind(def: AnyHookDef, taps: readonly Tap[]): void {
  const other = taps.find((tap) => tap.def.kind !== def.kind);
  if (other !== undefined)
    throw hookInvalid(
      def.name,
      `it is defined twice, as ${def.kind} and (tapped by "${other.plugin}") as ${other.def.kind}`,
      "rename one of the two, or tap the exported definition",
    );
}

/** What a run holds: the taps it started with. Call `release` when it has ended. */
export interface Epoch {
  readonly id: number;
  readonly plugins: readonly PluginInfo[];
  /** The runner of a hook; the same one for the same definition as long as the epoch lives. */
  runner<D extends AnyHookDef>(def: D): RunnerOf<D>;
  /** Lets removed plugins go. Doing it twice does nothing. */
  release(): void;
}

/** The current table, and those that runs still hold. */
export class Epochs {
  current: Table;
  readonly #held = new Set<Table>();
  readonly #waiting = new Set<() => void>();

  constructor(first: Table) {
    this.current = first;
  }

  /** Tables that are pinned. */
  get held(): ReadonlySet<Table> {
    return this.#held;
  }

  pin(): Epoch {
    return new Pin(this, this.current);
  }

  /** Keeps the plugins of a table alive until it is let go as often as it was held. */
  hold(table: Table): void {
    if (table.pins++ === 0) this.#held.add(table);
  }

  letGo(table: Table): void {
    if (--table.pins > 0) return;
    this.#held.delete(table);
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when no held table satisfies `uses`; `cancel` ends the wait. */
  whenFree(uses: (table: Table) => boolean): { readonly free: Promise<void>; cancel(): void } {
    let wake = (): void => undefined;
    const free = new Promise<void>((resolve) => {
      wake = () => {
        if ([...this.#held].some(uses)) return;
        this.#waiting.delete(wake);
        resolve();
      };
    });
    this.#waiting.add(wake);
    wake();
    return { free, cancel: () => void this.#waiting.delete(wake) };
  }
}

class Pin implements Epoch {
  #held = true;

  constructor(
    private readonly epochs: Epochs,
    private readonly table: Table,
  ) {
    epochs.hold(table);
  }

  get id(): number {
    return this.table.id;
  }
  get plugins(): readonly PluginInfo[] {
    return this.table.plugins;
  }
  runner<D extends AnyHookDef>(def: D): RunnerOf<D> {
    return this.table.runner(def);
  }
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.epochs.letGo(this.table);
  }
}
