import type { Clock } from "./clock.js";
import { isAbort } from "./control.js";
import { GraphTapError, summaryOf } from "./error.js";
import { tapFailed } from "./errors.js";
import type { Bus } from "./events.js";
import type { AnyHookDef } from "./hook.js";
import type { Log } from "./logger.js";
import type { Tap } from "./tap.js";

/** One fault, as `inspect()` shows it. */
export interface FaultRecord {
  readonly plugin: string;
  readonly hook: string;
  readonly code: string | null;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface FaultsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  /** Faults in a row after which an observer's tap is not called any more; 0: never. */
  readonly quarantineAfter: number;
  readonly isControlFlow: (error: unknown) => boolean;
  readonly isRefusal: ((error: unknown) => boolean) | undefined;
}

const RECENT = 50;
const LOG_EVERY_MS = 60_000;

/** Control flow that an observer threw and that is still to be thrown on. */
export interface Passing {
  readonly error: unknown;
}

/** Decides what becomes of whatever a tap throws, and keeps the account of it. */
export class Faults {
  total = 0;
  readonly #options: FaultsOptions;
  readonly #recent: FaultRecord[] = [];

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** True for what is thrown but is no fault: control flow, and the abort of the call itself. */
  passes(error: unknown, ctx: unknown): boolean {
    return this.#options.isControlFlow(error) || isAbort(error, ctx);
  }

  /** The error as the caller should see it: a plugin's own plain error names plugin and hook. */
  attribute(def: AnyHookDef, tap: Tap, error: unknown): unknown {
    return GraphTapError.isInstance(error) ? error : tapFailed(tap.plugin, def.name, def.fault, error);
  }

  /**
   * For observers: like `settle`, but control flow is handed back instead of thrown, so that the caller can let the other
   * observers see the event first. `earlier` wins, because the first is the one that stopped the call.
   */
  observe(def: AnyHookDef, tap: Tap, error: unknown, ctx: unknown, earlier: Passing | null): Passing | null {
    if (this.passes(error, ctx)) {
      if (def.fault !== "report") throw error;
      return earlier ?? { error };
    }
    this.settle(def, tap, error, ctx);
    return earlier;
  }

  /** Returns when the hook's policy is to go on; throws what the caller should get otherwise. */
  settle(def: AnyHookDef, tap: Tap, error: unknown, ctx: unknown): void {
    if (this.passes(error, ctx)) throw error;
    // What to show and what to withhold is asked there: a refusal is an answer.
    if (def.fault === "deny" && this.#options.isRefusal?.(error) === true) throw error;
    const attributed = this.attribute(def, tap, error);
    this.record(def, tap, attributed);
    if (def.fault !== "report") throw attributed;
  }

  /** Counts, tells the bus and the log, and quarantines observers that keep failing. */
  record(def: AnyHookDef, tap: Tap, error: unknown): void {
    const { clock, bus, quarantineAfter } = this.#options;
    const { state } = tap;
    this.total++;
    state.faults++;
    state.streak++;
    const code = GraphTapError.isInstance(error) ? error.code : null;
    if (this.#recent.length >= RECENT) this.#recent.shift();
    this.#recent.push({ plugin: tap.plugin, hook: def.name, code, message: summaryOf(error), at: clock.now() });
    bus.emit("fault", { plugin: tap.plugin, hook: def.name, error });
    // With `throw` the caller has the error in hand; otherwise this line is all there is to see of it.
    if (def.fault !== "throw") this.#print(def, tap, code, error);
    // Only observers: a guard that is switched off would fail open.
    if (def.fault === "report" && quarantineAfter > 0 && state.streak >= quarantineAfter && !state.quarantined) {
      state.quarantined = true;
      this.#options.log.warn(
        `plugin "${tap.plugin}" failed ${state.streak} times in a row in "${def.name}" and is not called there any more`,
        { plugin: tap.plugin, hook: def.name, code },
      );
      bus.emit("quarantine", { plugin: tap.plugin, hook: def.name, faults: state.streak });
    }
  }

  /** The last 50, oldest first. */
  recent(): readonly FaultRecord[] {
    return [...this.#recent];
  }

  /** At most one line a minute per tap, with the number of those not printed. */
  #print(def: AnyHookDef, tap: Tap, code: string | null, error: unknown): void {
    const { state } = tap;
    const now = this.#options.clock.monotonic();
    if (state.printedAt !== null && now - state.printedAt < LOG_EVERY_MS) {
      state.unprinted++;
      return;
    }
    const suppressed = state.unprinted;
    state.printedAt = now;
    state.unprinted = 0;
    this.#options.log.warn(summaryOf(error), { plugin: tap.plugin, hook: def.name, code, error, suppressed });
  }
}
