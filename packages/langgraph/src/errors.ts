import { GraphTapError } from "@graphtap/kernel";
import { type BindingErrorCode, errorCatalog } from "./error-catalog.js";

export { type BindingErrorCode, errorCatalog } from "./error-catalog.js";

/** An error of the catalog, with what was seen. */
export function bindingError(
  code: BindingErrorCode,
  what: string,
  why: string,
  extra: { readonly do?: string; readonly cause?: unknown; readonly details?: Record<string, unknown> } = {},
): GraphTapError {
  const { do: fix, ...rest } = extra;
  return new GraphTapError({ code, what, why, do: fix ?? errorCatalog[code].do, ...rest });
}

export function identityInvalid(issues: readonly string[]): GraphTapError {
  return bindingError("IDENTITY_INVALID", "stack.as() was given an identity that is wrong.", issues.join("\n"));
}

export function identityThreadConflict(conversationId: string, threadId: unknown): GraphTapError {
  return bindingError(
    "IDENTITY_THREAD_CONFLICT",
    "stack.as() was given two conversations.",
    `conversationId is ${JSON.stringify(conversationId)}, configurable.thread_id is ${JSON.stringify(threadId)}.`,
  );
}

export function identityNotIssued(stack: string, subject: string, found: unknown): GraphTapError {
  const kind =
    typeof found === "object" && found !== null
      ? `an object (keys: ${Object.keys(found).slice(0, 8).join(", ") || "none"})`
      : `a ${typeof found}`;
  return bindingError(
    "IDENTITY_NOT_ISSUED",
    `run of "${subject}" was refused: the identity in its config was not made by this stack.`,
    `configurable.__graphtap is ${kind}. It came from JSON, a client, or another stack than "${stack}".\nIdentities live in this process only; they are not sent over the wire or stored.`,
  );
}

export function identityMissing(
  subject: string,
  guards: readonly string[],
  configurable: readonly string[],
  problem?: unknown,
): GraphTapError {
  const seen =
    configurable.length === 0
      ? "The run config carries no identity."
      : `The run config carries no identity; configurable had only: ${configurable.join(", ")}.`;
  const guard = guards.length === 0 ? "The stack resolves identities" : `The stack has a guard (${guards.join(", ")})`;
  return bindingError(
    "IDENTITY_MISSING",
    `run of "${subject}" was refused before its first node: nobody is running it.`,
    `${guard}. ${seen}\nIf you wrote { ...stack.as(user), configurable: {...} }, the spread replaced it.`,
    problem === undefined ? {} : { cause: problem },
  );
}

export function identityExpired(subject: string, label: string): GraphTapError {
  return bindingError(
    "IDENTITY_EXPIRED",
    `run of "${subject}" was refused: the identity of ${label} is too old to start a run.`,
    "It was made by stack.as(...) longer ago than identityTtlMs (15 minutes unless set).",
  );
}

export function identityChanged(subject: string, outer: string, inner: string): GraphTapError {
  return bindingError(
    "IDENTITY_CHANGED",
    `"${subject}" was refused: it is called as ${inner} inside a run of ${outer}.`,
    "Inside a run only a narrower identity is accepted: the same user with fewer roles, or a service on behalf of that user.",
  );
}

/** Names nobody: it is told in the run at hand, whose user must not read of the other one. */
export function identityMixed(subject: string): GraphTapError {
  return bindingError(
    "IDENTITY_CHANGED",
    `"${subject}" was refused: the code at hand runs in one user's run, and its config is of another's.`,
    "A queue, a batch or a cache that several users share keeps the context of who came first, or somebody's config.",
    { do: "Queue AsyncResource.bind(job) of node:async_hooks, and keep no config from one call to the next." },
  );
}

export function serverAuthMissing(why: string, cause?: unknown): GraphTapError {
  return bindingError(
    "SERVER_AUTH_MISSING",
    "fromLangGraphServer() refused to start: this server does not authenticate its callers.",
    `${why}. Then a client may put any langgraph_auth_user into its own request.`,
    cause === undefined ? {} : { cause },
  );
}

export function threadIdMissing(subject: string): GraphTapError {
  return bindingError(
    "THREAD_ID_MISSING",
    `run of "${subject}" has a checkpointer and no conversation to store into.`,
    "Neither conversationId nor configurable.thread_id was given.",
  );
}

/** The owner is not named: who asks need not learn whose it is. */
export function threadNotYours(subject: string, threadId: string, label: string | null): GraphTapError {
  return bindingError(
    "THREAD_NOT_YOURS",
    `"${subject}" was refused: thread ${JSON.stringify(threadId)} is not ${label === null ? "yours: nobody is known to ask" : `${label}'s`}.`,
    "Somebody else wrote to it first, or the same user of another tenant.",
  );
}

export function wrapUnsupported(what: string, why: string, cause?: unknown): GraphTapError {
  return bindingError("WRAP_UNSUPPORTED", what, why, cause === undefined ? {} : { cause });
}

export function wrapRemote(name: string, url: string | null): GraphTapError {
  return bindingError(
    "WRAP_REMOTE",
    `stack.wrap() was given RemoteGraph "${name}"${url === null ? "" : ` (${url})`}.`,
    errorCatalog.WRAP_REMOTE.why,
  );
}

export function wrapForeignStack(kind: string, name: string, other: string, own: string): GraphTapError {
  return bindingError(
    "WRAP_FOREIGN_STACK",
    `stack "${own}" was given ${kind} "${name}", which stack "${other}" has wrapped.`,
    errorCatalog.WRAP_FOREIGN_STACK.why,
  );
}

export function runOver(subject: string, runId: string): GraphTapError {
  return bindingError(
    "RUN_OVER",
    `"${subject}" was called with the context of run ${runId}, which has ended.`,
    errorCatalog.RUN_OVER.why,
  );
}

export function ungated(kind: "tool" | "model", name: string, node: string | null): GraphTapError {
  const code = kind === "tool" ? "TOOL_UNGUARDED" : "MODEL_NOT_CONTROLLED";
  return bindingError(
    code,
    `node "${node ?? "?"}" called ${kind} "${name}" without passing the gate.`,
    errorCatalog[code].why,
  );
}

export function stackDuplicate(name: string, first: string | null, second: string | null): GraphTapError {
  return bindingError(
    "STACK_DUPLICATE",
    `there are two live stacks called "${name}".`,
    `One was created at ${first ?? "an unknown place"}, another one at ${second ?? "an unknown place"}.`,
  );
}

export function tapDead(plugin: string, hook: string): GraphTapError {
  return bindingError(
    "TAP_DEAD",
    `plugin "${plugin}" taps "${hook}", which nobody fires.`,
    "No plugin and no option `hooks` declares it, so the tap never runs.",
  );
}

export function stackNotStrict(name: string, warnings: readonly GraphTapError[]): GraphTapError {
  return bindingError(
    "STACK_NOT_STRICT",
    `stack "${name}" refused to start: GRAPHTAP_STRICT is 1 and there ${warnings.length === 1 ? "is a warning" : `are ${warnings.length} warnings`}.`,
    warnings.map(({ message }) => message).join("\n"),
  );
}

export function killNotHeld(name: string, plugins: readonly string[]): GraphTapError {
  return bindingError(
    "KILL_NOT_HELD",
    `stack "${name}" refused to start: GRAPHTAP_KILL is set, and nothing in it would hold to it.`,
    `Expected a plugin that provides "security", got [${plugins.join(", ")}].`,
  );
}

export function runtimeUnsupported(why: string): GraphTapError {
  return bindingError("RUNTIME_UNSUPPORTED", "createStack() was called where hooks would not work.", why);
}
