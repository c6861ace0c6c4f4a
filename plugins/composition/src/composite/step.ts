import { DeniedError, type RunContext } from "@graphtap/langgraph";
import type { Composing } from "../composing.js";
import { memberFailed, memberTimeout } from "../errors.js";
import type { MemberOutcome, MemberStatus } from "../keys.js";
import type { Config } from "../members/graph.js";
import { type Limit, within, withSignal } from "../members/limits.js";
import type { Member } from "../members/member.js";
import { factsOf } from "../members/told.js";
import { summaryOf } from "../text.js";
import type { ReadyComposite, ReadyMember } from "./config.js";
import { type Execution, limitOf, Results } from "./execution.js";

type Values = Readonly<Record<string, unknown>>;

/** What a member left: how it ended, and what it changed. */
export interface Done {
  readonly outcome: MemberOutcome;
  readonly changes: Values;
}

const isBubbleUp = (error: unknown): boolean => (error as { is_bubble_up?: unknown } | null)?.is_bubble_up === true;

/**
 * One member's part of a run: left out, run, failed alone, or replaced by its fallback.
 *
 * @throws GraphTapError MEMBER_FAILED, MEMBER_TIMEOUT, COMPOSITE_TIMEOUT; a denial, an interrupt or an abort as it is
 */
export class Step {
  readonly #composing: Composing;
  readonly #ready: ReadyComposite;
  readonly #member: ReadyMember;

  constructor(composing: Composing, ready: ReadyComposite, member: ReadyMember) {
    this.#composing = composing;
    this.#ready = ready;
    this.#member = member;
  }

  async run(state: Values, config: Config, run: RunContext | null, execution: Execution): Promise<Done> {
    if (this.#ready.strategy !== "conditional" && !(await this.#holds(state, config, run, execution)))
      return this.#skip(config, run);
    const leave = this.#ready.strategy === "parallel" ? await execution.places.take(config.signal) : null;
    const since = this.#composing.clock.monotonic();
    try {
      const own = this.#limits(execution, this.#member.timeoutMs);
      const { result, changes } = await this.#work(this.#member.member, state, config, own);
      return await this.#end("ok", null, since, config, run, changes, result);
    } catch (error) {
      return await this.#failed(error, state, config, run, execution, since);
    } finally {
      leave?.();
    }
  }

  /** Tells that a member was left out. */
  #skip(config: Config, run: RunContext | null): Promise<Done> {
    return this.#end("skipped", null, null, config, run);
  }

  async #holds(state: Values, config: Config, run: RunContext | null, execution: Execution): Promise<boolean> {
    const { when } = this.#member;
    if (when === null) return true;
    // The host's own code: what hangs there hangs the composite.
    const { values } = await within(this.#composing.clock, config.signal, this.#limits(execution, null), () =>
      factsOf(this.#ready.facts, run, state, config),
    );
    return when.matches(values);
  }

  #work(member: Member, state: Values, config: Config, limits: readonly Limit[]): ReturnType<Member["run"]> {
    return within(this.#composing.clock, config.signal, limits, (signal) =>
      member.run(state, this.#ready.schemas.channels, withSignal(config, signal)),
    );
  }

  #limits(execution: Execution, ownMs: number | null): readonly Limit[] {
    const { name } = this.#ready;
    const member = this.#member.name;
    const limits = [...limitOf(this.#ready, execution, member)];
    if (ownMs !== null)
      limits.push({ at: this.#composing.clock.monotonic() + ownMs, error: () => memberTimeout(name, member, ownMs) });
    return limits;
  }

  async #failed(
    error: unknown,
    state: Values,
    config: Config,
    run: RunContext | null,
    execution: Execution,
    since: number,
  ): Promise<Done> {
    if (isBubbleUp(error)) throw error;
    if (config.signal?.aborted === true) {
      await this.#end("cancelled", error, since, config, run);
      throw error;
    }
    const { fallback, failsAlone } = this.#member;
    const over = codeOf(error) === "COMPOSITE_TIMEOUT";
    if (fallback !== null && !over) {
      try {
        const { result, changes } = await this.#work(
          fallback,
          state,
          config,
          this.#limits(execution, this.#member.timeoutMs),
        );
        return await this.#end("fallback", error, since, config, run, changes, result);
      } catch (second) {
        if (isBubbleUp(second)) throw second;
        return this.#failedForGood(second, failsAlone, since, config, run);
      }
    }
    return this.#failedForGood(error, failsAlone && !over, since, config, run);
  }

  async #failedForGood(
    error: unknown,
    alone: boolean,
    since: number,
    config: Config,
    run: RunContext | null,
  ): Promise<Done> {
    const aborted = config.signal?.aborted === true;
    const done = await this.#end(aborted ? "cancelled" : "error", error, since, config, run);
    if (alone && !aborted) return done;
    // What refuses or ends things is known by what it is; everything else gets the member's name.
    if (aborted || DeniedError.isDenied(error) || OWN.has(codeOf(error) ?? "")) throw error;
    throw memberFailed(this.#ready.name, this.#member.name, this.#member.index, error);
  }

  async #end(
    status: MemberStatus,
    error: unknown,
    since: number | null,
    config: Config,
    run: RunContext | null,
    changes: Values = {},
    result: unknown = null,
  ): Promise<Done> {
    const { index, name: member } = this.#member;
    const outcome: MemberOutcome = Object.freeze({
      index,
      member,
      status,
      error: error === null ? null : errorOf(error),
      durationMs: since === null ? null : this.#composing.clock.monotonic() - since,
      members: outcomesIn(result),
    });
    Results.from(config, this.#ready)?.take({ outcome, changes });
    await this.#composing.ended(Object.freeze({ ...outcome, workflow: this.#ready.name }), run);
    return { outcome, changes };
  }
}

const OWN = new Set(["MEMBER_TIMEOUT", "COMPOSITE_TIMEOUT"]);

function codeOf(error: unknown): string | null {
  for (const key of ["code", "lc_error_code"]) {
    const code = (error as Values | null)?.[key];
    if (typeof code === "string" && code !== "") return code;
  }
  return null;
}

const errorOf = (error: unknown): NonNullable<MemberOutcome["error"]> =>
  Object.freeze({
    code: codeOf(error),
    name: error instanceof Error ? error.name : typeof error,
    message: summaryOf(error),
  });

/** Outcomes of a member that is a composite itself. */
function outcomesIn(result: unknown): readonly MemberOutcome[] | null {
  const outcomes = (result as { outcomes?: unknown } | null)?.outcomes;
  return Array.isArray(outcomes) && outcomes.length > 0 ? (outcomes as readonly MemberOutcome[]) : null;
}
