import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { createRunData, type Epoch } from "@graphtap/kernel";
import { isCommand } from "@langchain/langgraph";
import type { Core } from "../core.js";
import type { Dispatch } from "../dispatch.js";
import { DeniedError, denialIn } from "../denial.js";
import { runOver, threadIdMissing, threadNotYours } from "../errors.js";
import type { DenialFields, EndStatus, RunContext } from "../hooks/context.js";
import type { RunInput } from "../hooks/run.js";
import type { Config, Issued } from "../identity/envelope.js";
import type { Principal } from "../identity/principal.js";
import { denialOf, refusal } from "../tool/gate.js";
import { standsForAsked } from "../tool/slots.js";
import { isOver } from "./direct.js";
import { inTurn } from "./in-turn.js";
import { assertFresh, assertUnmixed, innerPrincipal, rootPrincipal } from "./identity.js";
import { endLater, endStreamsLeft } from "./left.js";
import { ownsThreads, threadOf } from "./owners.js";
import { endingOf, interruptsOf, isBubbleUp } from "./outcome.js";
import { type Frame, RunScope } from "./scope.js";

/** What is about to run. */
export interface Launch {
  readonly workflow: string;
  readonly input: unknown;
  readonly config: Config | undefined;
  readonly issued: Issued | null;
  readonly hasCheckpointer: boolean;
}

/** What entered: a resume has a resume value or no input at all; a Command without one is an update. */
function kindOf(input: unknown): RunInput["kind"] {
  if (input === null || input === undefined) return "resume";
  if (!isCommand(input)) return "input";
  return (input as { resume?: unknown }).resume === undefined ? "update" : "resume";
}

/** A resume that would leave something among a task's answers which only the stack may leave there. */
export const bringsForgedAnswer = (input: unknown): boolean =>
  isCommand(input) && standsForAsked((input as { resume?: unknown }).resume);

export const forgedAnswer = (): DenialFields =>
  refusal(
    "APPROVAL_VOID",
    "This answer was refused; do not repeat it.",
    "the resume payload passes for a question that only the stack asks",
  );

interface RunSettlement {
  settle(actual: { status: EndStatus; usage: RunScope["usage"] }): unknown;
  release(reason: string): unknown;
}

/** One execution's life: begun, admitted, ended exactly once. */
export class Execution {
  #ended = false;
  #ending: undefined | Promise<void>;
  #settlement: RunSettlement | null = null;
  /** The thread that the run needs to own. */
  #thread: string | null = null;

  private constructor(
    readonly core: Core,
    readonly scope: RunScope,
    readonly kind: RunInput["kind"],
    readonly pinned: Epoch | null,
  ) {
    if (!scope.dispatch.idle) scope.ctx.signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Nobody taps this run: nothing has to be told, and no plugin is held for it. */
  letGo(): void {
    this.#ended = true;
    this.pinned?.release();
  }

  get frame(): Frame {
    return { scope: this.scope, ctx: this.scope.ctx, permits: null };
  }

  /**
   * Opens the run: context and run.start. Synchronous unless a tap or the resolver is not.
   *
   * @throws GraphTapError IDENTITY_* after run.start and run.denied were told.
   */
  static begin(core: Core, launch: Launch): Execution | Promise<Execution> {
    const here = core.frames.getStore() ?? null;
    // What a finished run left behind (a timer, a queue) is no place to nest in.
    const outer = here?.scope.over === true ? null : here;
    const pinned = outer === null ? core.kernel.pin() : null;
    const epoch = outer === null ? (pinned as Epoch) : outer.scope.epoch;
    const dispatch = core.dispatchOf(epoch);
    const make = (principal: Principal | null, refused = false): Execution => {
      const ctx = contextOf(core, launch, outer, principal, refused);
      const kind = outer === null && ctx.resumedFrom !== null ? "resume" : kindOf(launch.input);
      return new Execution(
        core,
        new RunScope(ctx, dispatch, epoch, outer?.scope ?? null, core.clock.monotonic()),
        kind,
        pinned,
      );
    };
    let principal: Principal | null | Promise<Principal | null>;
    try {
      if (here !== null && outer === null && launch.issued === null && isOver(here))
        throw runOver(launch.workflow, here.ctx.runId);
      if (outer === null) assertFresh(core, launch.workflow, launch.issued);
      else if (launch.issued === null) assertUnmixed(core, launch.workflow, launch.config);
      principal =
        outer === null
          ? rootPrincipal(core, dispatch, launch.workflow, launch.issued, launch.config)
          : innerPrincipal(launch.workflow, outer.ctx.principal, launch.issued);
      if (principal instanceof Promise)
        return principal.then(
          (who) => make(who).#start(launch, dispatch),
          (error: unknown) => make(null, true).#refused(launch, dispatch, error),
        );
    } catch (error) {
      return make(null, true).#refused(launch, dispatch, error);
    }
    return make(principal).#start(launch, dispatch);
  }

  #start(launch: Launch, dispatch: Dispatch): Execution | Promise<Execution> {
    if (
      dispatch.idle &&
      !(launch.hasCheckpointer && ownsThreads(this.core, dispatch)) &&
      !bringsForgedAnswer(launch.input)
    )
      return this;
    return this.#startTold(launch, dispatch);
  }

  async #startTold(launch: Launch, { run }: Dispatch): Promise<Execution> {
    const { ctx } = this.scope;
    await run.start.call(
      { runId: ctx.runId, workflow: ctx.workflow, kind: this.kind, nested: this.scope.parent !== null },
      ctx,
    );
    if (this.kind === "resume") await run.resume.call({ resumedFrom: ctx.resumedFrom }, ctx);
    if (launch.issued !== null && launch.hasCheckpointer && ctx.threadId === null && this.scope.parent === null) {
      return this.#deny(
        threadIdMissing(ctx.workflow),
        refusal("THREAD_ID_MISSING", "This conversation has no id.", "no conversationId and no thread_id"),
      );
    }
    if (launch.hasCheckpointer && ownsThreads(this.core, this.scope.dispatch)) this.#thread = threadOf(launch.config);
    if (this.#thread !== null && !this.core.owners.allows(this.#thread, ctx.principal))
      return this.#notYours(this.#thread);
    if (bringsForgedAnswer(launch.input)) {
      const denial = forgedAnswer();
      return this.#deny(new DeniedError(`run of "${ctx.workflow}"`, denial), denial);
    }
    return this;
  }

  /**
   * The run goes ahead: its thread is its principal's from now on. Not before, or whoever is turned away could keep
   * others off a thread.
   *
   * @throws GraphTapError THREAD_NOT_YOURS when somebody else was faster.
   */
  own(): undefined | Promise<never> {
    const { ctx } = this.scope;
    if (this.#thread !== null && !this.core.owners.claim(this.#thread, ctx.principal))
      return this.#notYours(this.#thread);
    if (ctx.resumedFrom !== null && ctx.threadId !== null && this.scope.parent === null)
      this.core.paused.forget(placeOf(ctx.threadId, ctx.ns));
    return undefined;
  }

  #notYours(thread: string): Promise<never> {
    const { workflow, principal } = this.scope.ctx;
    return this.#deny(
      threadNotYours(workflow, thread, principal?.label ?? null),
      refusal("THREAD_NOT_YOURS", "This conversation is not yours.", "somebody else wrote to this thread first"),
    );
  }

  async #refused(launch: Launch, dispatch: Dispatch, error: unknown): Promise<never> {
    await this.#startTold({ ...launch, issued: null, hasCheckpointer: false }, dispatch);
    const code = (error as { code?: unknown }).code;
    return this.#deny(
      error,
      refusal(
        typeof code === "string" ? code : "IDENTITY_MISSING",
        "This run was refused: nobody is known to run it.",
        String((error as Error).message).split("\n", 1)[0] ?? "",
      ),
    );
  }

  async #deny(error: unknown, denial: DenialFields): Promise<never> {
    await this.scope.dispatch.run.denied.call(denial, this.scope.ctx);
    await this.end("denied", denial.code, error);
    throw error;
  }

  /**
   * Judges the input and takes the run-level limits.
   *
   * @returns the input to run with
   * @throws DeniedError
   */
  async admit(request: { readonly input: unknown; readonly request: (input: unknown) => unknown }): Promise<unknown> {
    const { run } = this.scope.dispatch;
    const { ctx } = this.scope;
    let { input } = request;
    if (run.input.used) {
      const verdict = await run.input.call(Object.freeze({ kind: this.kind, value: input }), ctx);
      this.#assertOpen();
      if (verdict.effect === "escalate")
        return this.#refuseInput(
          refusal("APPROVAL_NOT_POSSIBLE", "This needs an approval that nobody can give here.", "run.input escalated"),
        );
      if (verdict.effect === "deny") return this.#refuseInput(denialOf(verdict));
      if (verdict.changed && verdict.value !== undefined) input = verdict.value.value;
    }
    if (run.admit.used) {
      const reservation = await run.admit.call(request.request(input) as never, ctx);
      if (this.#ended && reservation.ok) await reservation.settlement.release("cancelled");
      this.#assertOpen();
      if (!reservation.ok) return this.#refuseInput(denialOf(reservation));
      this.#settlement = reservation.settlement;
    }
    return input;
  }

  /** Its caller may have gone while it was judged: then nothing more is told of it, and nothing begins. */
  #assertOpen(): void {
    if (!this.#ended) return;
    const { signal } = this.scope.ctx;
    throw signal?.aborted === true ? signal.reason : new DOMException("This operation was aborted", "AbortError");
  }

  #refuseInput(denial: DenialFields): Promise<never> {
    return this.#deny(new DeniedError(`run of "${this.scope.ctx.workflow}"`, denial), denial);
  }

  /** Ends the run with what its stream threw. Returns undefined when nothing has to be waited for. */
  fail(error: unknown): undefined | Promise<void> {
    const { scope } = this;
    const { status, code, error: told } = endingOf(error, scope.stopper(error, scope.ctx.signal));
    if (status === "paused" && isBubbleUp(error)) scope.pause(scope.paused ? [] : interruptsOf(error));
    return this.end(status, code, told);
  }

  /** Ends the run with a refusal of what it would have given: nothing else tells the observers of that one. */
  async refuse(error: unknown): Promise<void> {
    if (DeniedError.isDenied(error) && !this.#ended) {
      await this.scope.dispatch.run.denied.call(denialIn(error), this.scope.ctx);
    }
    await this.fail(error);
  }

  /** After an abort LangGraph may have a chunk in hand that nobody asks for: its iterator then never ends. */
  readonly #aborted = (): void => void turn().then(() => this.fail(this.scope.ctx.signal?.reason));

  /** The consumer left. A run that waits at an interrupt has nothing more to do: it was not cancelled, it paused. */
  leave(): undefined | Promise<void> {
    const { paused, open } = this.scope;
    return paused && open === 0 ? this.end("paused", null, null) : this.end("cancelled", "ABORTED", null);
  }

  /** Ends the run. Only the first call counts; returns undefined when nothing has to be waited for. */
  end(status: EndStatus, code: string | null, error: unknown): undefined | Promise<void> {
    if (this.#ended) return this.#ending;
    this.#ended = true;
    const { scope } = this;
    scope.ctx.signal?.removeEventListener("abort", this.#aborted);
    // Code that takes notice of an abort comes to its end within this turn: then its end is no late one.
    this.#ending =
      scope.open > 0 && !scope.dispatch.idle
        ? turn().then(() => this.#close(status, code, error))
        : this.#close(status, code, error);
    return this.#ending;
  }

  #close(status: EndStatus, code: string | null, error: unknown): undefined | Promise<void> {
    const left = endStreamsLeft(this.scope);
    return left === undefined ? this.#over(status, code, error) : left.then(() => this.#over(status, code, error));
  }

  #over(status: EndStatus, code: string | null, error: unknown): undefined | Promise<void> {
    const { scope } = this;
    scope.over = true;
    const { ctx, dispatch } = scope;
    if (status === "paused" && ctx.threadId !== null && scope.parent === null)
      this.core.paused.set(placeOf(ctx.threadId, ctx.ns), ctx.runId);
    if (dispatch.idle) {
      this.pinned?.release();
      return undefined;
    }
    const told = this.#told(status, code, error);
    if (told !== undefined) return told.finally(() => this.pinned?.release());
    this.pinned?.release();
    return undefined;
  }

  #told(status: EndStatus, code: string | null, error: unknown): undefined | Promise<void> {
    const { ctx, dispatch, interrupts, usage, startedAt, begun } = this.scope;
    const taken = this.#settlement;
    return inTurn(
      () =>
        (status === "denied" && !begun ? taken?.release("denied") : taken?.settle({ status, usage })) as
          | undefined
          | Promise<unknown>,
      () => (status === "error" ? dispatch.run.error.call({ error, code }, ctx) : undefined),
      () => (status === "paused" ? dispatch.run.pause.call({ interrupts }, ctx) : undefined),
      () =>
        dispatch.run.end.call(
          {
            runId: ctx.runId,
            workflow: ctx.workflow,
            status,
            code,
            error,
            usage,
            durationMs: ctx.clock.monotonic() - startedAt,
            late: false,
          },
          ctx,
        ),
      () => endLater(this.scope),
    );
  }
}

/** What pauses and goes on: a thread, or a node in one where the graph around is nobody's. */
const placeOf = (threadId: string, ns: string): string => (ns === "" ? threadId : `${threadId} ${ns}`);

/** In a graph that is not wrapped a resume comes to ours as the node's input again; that it was paused here tells the two apart. */
const mayResume = (input: unknown, configurable: Record<string, unknown>): boolean =>
  kindOf(input) === "resume" || configurable["__pregel_resuming"] === true;

/** The context of a run that begins. */
export function contextOf(
  core: Core,
  launch: Pick<Launch, "workflow" | "input" | "config">,
  outer: Frame | null,
  principal: Principal | null,
  refused: boolean,
): RunContext {
  const configurable = (launch.config?.configurable ?? {}) as Record<string, unknown>;
  const threadId =
    typeof configurable["thread_id"] === "string" ? configurable["thread_id"] : (outer?.ctx.threadId ?? null);
  const runId = randomUUID();
  const ns = typeof configurable["checkpoint_ns"] === "string" ? configurable["checkpoint_ns"] : (outer?.ctx.ns ?? "");
  // On somebody else's thread there is nothing to continue. Who is unknown is refused for that, and told what they tried.
  const resumed =
    outer === null &&
    threadId !== null &&
    mayResume(launch.input, configurable) &&
    (refused || core.owners.allows(threadId, principal));
  return Object.freeze({
    runId,
    rootRunId: outer?.ctx.rootRunId ?? runId,
    parentRunId: outer?.ctx.runId ?? null,
    threadId,
    resumedFrom: resumed ? core.paused.get(placeOf(threadId, ns)) : (outer?.ctx.resumedFrom ?? null),
    principal,
    workflow: launch.workflow,
    node: outer?.ctx.node ?? null,
    taskId: outer?.ctx.taskId ?? null,
    ns,
    attempt: outer?.ctx.attempt ?? 1,
    signal: launch.config?.signal ?? outer?.ctx.signal,
    clock: core.clock,
    data: createRunData(),
    route: "graph",
  });
}
