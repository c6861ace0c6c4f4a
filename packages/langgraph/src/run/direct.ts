import { randomUUID } from "node:crypto";
import { createRunData, type Epoch } from "@graphtap/kernel";
import type { Core } from "../core.js";
import { runOver } from "../errors.js";
import type { RunContext } from "../hooks/context.js";
import type { Config, Issued } from "../identity/envelope.js";
import { innerPrincipal, rootPrincipal } from "./identity.js";
import { type Frame, RunScope } from "./scope.js";

/** A place to run in, and what to do when it is left. */
export interface Entered {
  readonly frame: Frame;
  /** The call is over: what still uses its frame is refused. */
  leave(): void;
  /** Lets go of the pinned plugins but keeps the frame usable, for calls whose end nobody can see. */
  unpin(): void;
}

const STAY = (): void => {};

/** Whose context this is has ended: nobody may go on in a finished run's name. */
export function isOver({ scope, ctx }: Frame): boolean {
  return scope.over && (ctx.principal !== null || scope.dispatch.needsIdentity);
}

/** Nothing begins any more for a run that was aborted and has ended, however long one was busy judging it. */
export const isGone = ({ scope, ctx }: Frame): boolean => scope.over && ctx.signal?.aborted === true;

/** Nor does what was being judged when its run was aborted, ended or not: a tool or a model need not ask the signal. */
export const isStopped = ({ ctx }: Frame): boolean => ctx.signal?.aborted === true;

/** @throws the reason of the abort */
export function refuseGone({ ctx }: Frame): never {
  throw ctx.signal?.reason;
}

/**
 * The frame of a tool or model call: the run's own where one is under way, else one made for this call alone. After the
 * run's end its context is no place any more; who comes with an identity of their own starts anew.
 *
 * @throws GraphTapError RUN_OVER, IDENTITY_CHANGED, IDENTITY_MISSING; the reason of an aborted run
 */
export function enter(
  core: Core,
  subject: string,
  issued: Issued | null,
  config: Config | undefined,
): Entered | Promise<Entered> {
  const frame = core.frames.getStore();
  if (frame !== undefined && issued === null) {
    if (isGone(frame)) refuseGone(frame);
    if (isOver(frame)) throw runOver(subject, frame.ctx.runId);
  }
  if (frame === undefined || frame.scope.over)
    return core.kernel.isReady()
      ? open(core, subject, issued, config)
      : core.kernel.ready().then(() => open(core, subject, issued, config));
  if (issued === null) return { frame, leave: STAY, unpin: STAY };
  const principal = innerPrincipal(subject, frame.ctx.principal, issued);
  return {
    frame: { ...frame, ctx: Object.freeze({ ...frame.ctx, principal }), permits: null },
    leave: STAY,
    unpin: STAY,
  };
}

/** Where observers are told that somebody was turned away: the run at hand, or a place that nobody runs. */
export function witness(core: Core, subject: string, config: Config | undefined): Entered | null {
  const frame = core.frames.getStore();
  if (frame !== undefined) return { frame, leave: STAY, unpin: STAY };
  return core.kernel.isReady() ? placeOf(core, core.kernel.pin(), subject, null, config) : null;
}

function open(
  core: Core,
  subject: string,
  issued: Issued | null,
  config: Config | undefined,
): Entered | Promise<Entered> {
  const epoch = core.kernel.pin();
  try {
    const principal = rootPrincipal(core, core.dispatchOf(epoch), subject, issued, config);
    if (!(principal instanceof Promise)) return placeOf(core, epoch, subject, principal, config);
    return principal.then(
      (who) => placeOf(core, epoch, subject, who, config),
      (error: unknown) => {
        epoch.release();
        throw error;
      },
    );
  } catch (error) {
    epoch.release();
    throw error;
  }
}

function placeOf(
  core: Core,
  epoch: Epoch,
  subject: string,
  principal: RunContext["principal"],
  config: Config | undefined,
): Entered {
  const runId = randomUUID();
  const threadId: unknown = config?.configurable?.["thread_id"];
  const ctx: RunContext = Object.freeze({
    runId,
    rootRunId: runId,
    parentRunId: null,
    threadId: typeof threadId === "string" ? threadId : null,
    resumedFrom: null,
    principal,
    workflow: subject,
    node: null,
    taskId: null,
    ns: "",
    attempt: 1,
    signal: config?.signal,
    clock: core.clock,
    data: createRunData(),
    route: "direct",
  });
  const scope = new RunScope(ctx, core.dispatchOf(epoch), epoch, null, core.clock.monotonic());
  return {
    frame: { scope, ctx, permits: null },
    leave() {
      scope.over = true;
      epoch.release();
    },
    unpin: () => epoch.release(),
  };
}
