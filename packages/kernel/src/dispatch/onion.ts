import { GraphTapError } from "../error.js";
import { hookResultInvalid } from "../errors.js";
import type { AnyHookDef } from "../hook.js";
import { LedgerEntry } from "../ledger.js";
import { isPending } from "../promise-state.js";
import type { Tap } from "../tap.js";
import { abandon } from "../thenable.js";
import type { Core, DispatchEnv } from "./compiler.js";

/** Of several attempts this many are remembered; a tap that retries more often and fails is blamed for what came of it. */
const MAX_KEPT = 64;

interface Given {
  readonly index: number;
  readonly promise: Promise<unknown>;
}
interface Thrown {
  readonly index: number;
  readonly error: unknown;
}
interface Answered {
  readonly index: number;
  readonly value: unknown;
}

/**
 * One call through all layers, and its own entry in the ledger while it is pending. Layers are counted from outside;
 * the core comes after the last.
 */
export class Onion extends LedgerEntry {
  /** True once the core answered `undefined`: then a layer may do so too. */
  coreWasVoid = false;
  // Not #private: where each call makes one of these, the brands cost as much as a listener.
  /** What each layer and the core gave; of several attempts the last. */
  private readonly given: (Promise<unknown> | undefined)[];
  private earlier: Given[] | null = null;
  private thrown: Thrown[] | null = null;
  /** What the core threw. A layer that lets it through must not be blamed for it. */
  private coreErrors: unknown[] | null = null;
  /** Cores at work. */
  private below = 0;
  private over = false;

  constructor(
    readonly def: AnyHookDef,
    readonly taps: readonly Tap[],
    readonly env: DispatchEnv,
    readonly ctx: unknown,
    readonly core: Core,
  ) {
    super();
    // Of full length at once: growing it layer by layer would copy it.
    this.given = new Array<Promise<unknown> | undefined>(taps.length + 1);
  }

  get hook(): string {
    return this.def.name;
  }

  /** Who is at work: the innermost that has not ended. */
  get plugin(): string {
    for (let index = this.taps.length; index >= 0; index--) {
      const promise = this.given[index];
      if (promise !== undefined && isPending(promise)) return this.taps[index]?.plugin ?? "what the hook wraps";
    }
    return this.taps[0]?.plugin ?? "";
  }

  gave(index: number, result: PromiseLike<unknown>): Promise<unknown> {
    // Something lazy that begins at each `then` must be asked once only.
    const promise = result instanceof Promise ? result : Promise.resolve(result);
    const before = this.given[index];
    if (before !== undefined) {
      this.earlier ??= [];
      if (this.earlier.length < MAX_KEPT) this.earlier.push({ index, promise: before });
    }
    this.given[index] = promise;
    // Whoever drops the layer within must not end the process when that one fails. From the start for the outermost
    // only, for each listener costs a call a promise; further in once something was seen to be dropped.
    if (this.over || (index === 1 && this.taps.length > 1)) abandon(promise);
    return promise;
  }

  threw(index: number, error: unknown): void {
    this.thrown ??= [];
    if (this.thrown.length < MAX_KEPT) this.thrown.push({ index, error });
  }

  coreGave(result: PromiseLike<unknown>): Promise<unknown> {
    const promise = this.gave(this.taps.length, result);
    this.below++;
    promise.then(
      (value) => {
        this.below--;
        if (value === undefined) this.coreWasVoid = true;
      },
      (error: unknown) => {
        this.below--;
        this.coreThrew(error);
      },
    );
    return promise;
  }

  coreThrew(error: unknown): void {
    this.coreErrors ??= [];
    if (this.coreErrors.length < MAX_KEPT) this.coreErrors.push(error);
    this.#hear();
  }

  ended(value: unknown): unknown {
    this.#leave();
    // What was not waited for (a lost race, a forgotten await) may still fail.
    if (this.below > 0 || this.earlier !== null || this.given[this.taps.length] === undefined) this.#hear();
    return value === undefined && !this.coreWasVoid ? this.#forgotten() : value;
  }

  async failed(error: unknown): Promise<never> {
    this.#leave();
    this.#hear();
    if (this.#isInnocent(error)) throw error;
    const { answered, rejected } = await this.#outcomes();
    const culprit = innermost(error, [...rejected, ...(this.thrown ?? [])]);
    // Who stumbles over the answer that another one forgot is not to blame.
    const careless = this.#careless(answered.filter(({ index }) => index > culprit));
    throw careless === null ? this.#attributed(culprit, error) : this.noResult(careless, error);
  }

  /** What is given at once waited for nothing. */
  endedNow(): void {
    this.over = true;
    this.#hear();
  }

  /** What to throw on after a synchronous throw. */
  blameNow(error: unknown): unknown {
    this.endedNow();
    return this.#isInnocent(error) ? error : this.#attributed(innermost(error, this.thrown ?? []), error);
  }

  noResult(tap: Tap, cause?: unknown): GraphTapError {
    const error = hookResultInvalid(
      tap.plugin,
      this.def.name,
      "it returned undefined, so the answer would be lost",
      "return next(request), or the answer itself.",
      cause,
    );
    this.env.faults.record(this.def, tap, error);
    return error;
  }

  #leave(): void {
    this.env.ledger.leave(this);
    this.over = true;
  }

  /** A rejection that a tap drops must not end the process. Asked for when one may come: a listener from the start costs each call a promise per layer. */
  #hear(): void {
    for (const promise of this.given) if (promise !== undefined) abandon(promise);
    if (this.earlier !== null) for (const { promise } of this.earlier) abandon(promise);
  }

  async #forgotten(): Promise<never> {
    const { answered } = await this.#outcomes();
    throw this.noResult(this.#careless(answered) ?? (this.taps[0] as Tap));
  }

  /** From below and control flow: thrown on as they are. */
  #isInnocent(error: unknown): boolean {
    return (
      GraphTapError.isInstance(error) ||
      this.coreErrors?.includes(error) === true ||
      this.env.faults.passes(error, this.ctx)
    );
  }

  #attributed(index: number, error: unknown): unknown {
    const tap = this.taps[index] as Tap;
    const attributed = this.env.faults.attribute(this.def, tap, error);
    this.env.faults.record(this.def, tap, attributed);
    return attributed;
  }

  /** The innermost tap whose answer was undefined, while the core's was not. */
  #careless(answered: readonly Answered[]): Tap | null {
    if (this.coreWasVoid) return null;
    let index = -1;
    for (const given of answered) if (given.value === undefined) index = Math.max(index, given.index);
    return this.taps[index] ?? null;
  }

  /** How the layers ended that have; the core is not one. */
  async #outcomes(): Promise<{ readonly answered: readonly Answered[]; readonly rejected: readonly Thrown[] }> {
    const answered: Answered[] = [];
    const rejected: Thrown[] = [];
    for (const { index, promise } of this.#all()) {
      if (index === this.taps.length) continue;
      promise.then(
        (value) => answered.push({ index, value }),
        (error: unknown) => rejected.push({ index, error }),
      );
    }
    // What has ended answers in this turn.
    await Promise.resolve();
    return { answered, rejected };
  }

  #all(): readonly Given[] {
    const all = [...(this.earlier ?? [])];
    for (const [index, promise] of this.given.entries()) if (promise !== undefined) all.push({ index, promise });
    return all;
  }
}

/** Where an error first came out; the outermost layer if it is not known. */
function innermost(error: unknown, thrown: readonly Thrown[]): number {
  let index = 0;
  for (const one of thrown) if (one.error === error) index = Math.max(index, one.index);
  return index;
}
