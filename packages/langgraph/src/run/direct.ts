import { randomUUID } from "node:crypto";
import { createRunData } from "@graphtap/kernel";
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

/**
 * The frame of a tool or model call: the run's own where one is under way, else one made for this call alone.
 *
 * @throws GraphTapError RUN_OVER, IDENTITY_CHANGED, IDENTITY_EXPIRED, IDENTITY_MISSING
 */
export function enter(core: Core, subject: string, issued: Issued | null, config: Config | undefined): Entered | Promise<Entered> {
  const frame = core.frames.getStore();
  if (frame === undefined) return core.kernel.isReady() ? open(core, subject, issued, config) : core.kernel.ready().then(() => open(core, subject, issued, config));
  if (frame.scope.over && frame.ctx.signal?.aborted !== true) throw runOver(subject, frame.ctx.runId);
  if (issued === null) return { frame, leave: STAY, unpin: STAY };
  const principal = innerPrincipal(subject, frame.ctx.principal, issued);
  return { frame: { ...frame, ctx: Object.freeze({ ...frame.ctx, principal }), permits: null }, leave: STAY, unpin: STAY };
}

function open(core: Core, subject: string, issued: Issued | null, config: Config | undefined): Entered | Promise<Entered> {
  const epoch = core.kernel.pin();
  try {
    const dispatch = core.dispatchOf(epoch);
    const made = (principal: RunContext["principal"]): Entered => {
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
      const scope = new RunScope(ctx, dispatch, epoch, null, core.clock.monotonic());
      return {
        frame: { scope, ctx, permits: null },
        leave() {
          scope.over = true;
          epoch.release();
        },
        unpin: () => epoch.release(),
      };
    };
    const principal = rootPrincipal(core, dispatch, subject, issued, config);
    if (!(principal instanceof Promise)) return made(principal);
    return principal.then(made, (error: unknown) => {
      epoch.release();
      throw error;
    });
  } catch (error) {
    epoch.release();
    throw error;
  }
}
