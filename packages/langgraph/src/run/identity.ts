import type { Core } from "../core.js";
import type { Dispatch } from "../dispatch.js";
import { identityChanged, identityExpired, identityMissing, identityMixed } from "../errors.js";
import type { Config, Issued } from "../identity/envelope.js";
import { narrows, type Principal } from "../identity/principal.js";
import { parseWho } from "../identity/who.js";

/** Names the plugins that make an identity necessary, for the message. */
function guardsOf(dispatch: Dispatch): string[] {
  const runners = [
    dispatch.tool.authorize,
    dispatch.tool.admit,
    dispatch.model.authorize,
    dispatch.model.admit,
    dispatch.run.admit,
  ];
  return [...new Set(runners.flatMap((runner) => runner.taps.map((tap) => tap.plugin)))];
}

const keysOf = (config: Config | undefined): string[] =>
  Object.keys(config?.configurable ?? {}).filter((key) => !key.startsWith("__"));

/**
 * Who runs it, where nobody runs around it: the issued identity, else what the host's resolver says.
 *
 * @throws GraphTapError IDENTITY_MISSING
 */
export function rootPrincipal(
  core: Core,
  dispatch: Dispatch,
  subject: string,
  issued: Issued | null,
  config: Config | undefined,
): Principal | null | Promise<Principal | null> {
  if (issued !== null) return issued.principal;
  if (core.resolver !== undefined) return resolved(core, dispatch, subject, config);
  return nobody(core, dispatch, subject, config);
}

/** @throws GraphTapError IDENTITY_EXPIRED when the identity is too old to start a run. */
export function assertFresh(core: Core, subject: string, issued: Issued | null): void {
  if (issued !== null && core.envelopes.expired(issued)) throw identityExpired(subject, issued.principal.label);
}

function nobody(core: Core, dispatch: Dispatch, subject: string, config: Config | undefined, problem?: unknown): null {
  const demanded = core.resolver !== undefined || dispatch.needsIdentity;
  if (demanded && core.anonymous === "refuse")
    throw identityMissing(subject, guardsOf(dispatch), keysOf(config), problem);
  return null;
}

const TELL_EVERY_MS = 60_000;
const told = new WeakMap<Core, { at: number; suppressed: number }>();

function tellOfResolver(core: Core, subject: string, error: unknown): void {
  const now = core.clock.monotonic();
  const last = told.get(core);
  if (last !== undefined && now - last.at < TELL_EVERY_MS) {
    last.suppressed++;
    return;
  }
  told.set(core, { at: now, suppressed: 0 });
  core.kernel.log.warn(`the identity resolver failed, and "${subject}" runs as nobody, without tools`, {
    code: "IDENTITY_MISSING",
    workflow: subject,
    error,
    suppressed: last?.suppressed ?? 0,
  });
}

async function resolved(
  core: Core,
  dispatch: Dispatch,
  subject: string,
  config: Config | undefined,
): Promise<Principal | null> {
  try {
    const who = await core.resolver?.resolve(config ?? {});
    if (who !== null && who !== undefined) return parseWho(who, core.facts).principal;
  } catch (error) {
    const none = nobody(core, dispatch, subject, config, error);
    // Where nobody may run it, this is all there is to see of a resolver that is down.
    tellOfResolver(core, subject, error);
    return none;
  }
  return nobody(core, dispatch, subject, config);
}

/**
 * Who runs it inside a run: the run's own principal, or a narrower one.
 *
 * @throws GraphTapError IDENTITY_CHANGED
 */
export function innerPrincipal(subject: string, outer: Principal | null, issued: Issued | null): Principal | null {
  if (issued === null) return outer;
  if (outer === null || !narrows(outer, issued.principal))
    throw identityChanged(subject, outer?.label ?? "nobody", issued.principal.label);
  return issued.principal;
}

/**
 * Code that runs in one user's run with a config of another's may be either's: nobody can say whose rights it has.
 *
 * @throws GraphTapError IDENTITY_CHANGED
 */
export function assertUnmixed(core: Core, subject: string, config: Config | undefined): void {
  const here = core.frames.getStore();
  // Where nobody guards anything there are no rights to mix.
  if (here?.scope.dispatch.needsIdentity !== true) return;
  const task = core.frames.taskOf(config);
  if (task === undefined || task.ctx.rootRunId === here.ctx.rootRunId) return;
  const [one, other] = [task.ctx.principal, here.ctx.principal];
  const same = one === null || other === null ? one === other : narrows(one, other) && narrows(other, one);
  if (!same) throw identityMixed(subject);
}

/**
 * Who asks for a thread's state: the identity given, the run's own inside a run (after its end too), else what the
 * resolver says. Undefined where nobody is named; null inside a run of nobody.
 *
 * @throws GraphTapError IDENTITY_CHANGED, IDENTITY_MISSING when the resolver fails
 */
export function askerOf(
  core: Core,
  dispatch: Dispatch,
  subject: string,
  issued: Issued | null,
  config: Config | undefined,
): Principal | null | undefined | Promise<Principal | undefined> {
  const frame = core.frames.getStore();
  if (frame !== undefined && (issued === null || !frame.scope.over))
    return innerPrincipal(subject, frame.ctx.principal, issued);
  if (issued !== null) return issued.principal;
  return core.resolver === undefined ? undefined : named(core, dispatch, subject, config);
}

async function named(
  core: Core,
  dispatch: Dispatch,
  subject: string,
  config: Config | undefined,
): Promise<Principal | undefined> {
  try {
    const who = await core.resolver?.resolve(config ?? {});
    return who === null || who === undefined ? undefined : parseWho(who, core.facts).principal;
  } catch (error) {
    throw identityMissing(subject, guardsOf(dispatch), keysOf(config), error);
  }
}
