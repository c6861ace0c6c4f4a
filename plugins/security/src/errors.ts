import { type CatalogEntry, GraphTapError, problemsOf } from "@graphtap/kernel";
import type { z } from "zod";

const entries = {
  AUTHORIZE_INVALID: {
    title: "authorizeToolExecution() was asked something it cannot judge",
    why: "A key is missing, unknown or of the wrong type, or it names neither or both of userId and service.",
    do: "Correct the call; inside a run the stack asks by itself.",
    example: 'stack.get(security).authorizeToolExecution({ userId: "alice", toolName: "refund" });',
  },
  GRANT_INVALID: {
    title: "grantToolPermission() was given a grant that is wrong",
    why: "A key is missing, unknown or of the wrong type, the expiry has passed, notBefore comes after it, or the tool name is a pattern: names are exact.",
    do: "Correct the call; expiry is a Date or milliseconds since 1970, not seconds.",
    example:
      'stack.get(security).grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });',
  },
  GRANT_LIMIT_REACHED: {
    title: "No room for another grant",
    why: "maxGrants (default 100,000) permissions are in force; dropping one silently would take a right away.",
    do: "Revoke what is not needed, give grants an expiry, or raise security({ maxGrants }).",
  },
  KILL_INVALID: {
    title: "kill() or GRAPHTAP_KILL names nothing that can be switched off",
    why: "It takes all, tool:NAME, tenant:ID, user:ID or service:ID; in the environment with commas between. What cannot be read must not be taken for what is on.",
    do: "Correct the name.",
    example: 'stack.get(security).kill("tool:refund", { by: "on-call", reason: "incident 12" });',
  },
  KILL_LIMIT_REACHED: {
    title: "No room for another kill switch",
    why: "10,000 tools, tenants, users and services are switched off one by one.",
    do: 'Switch everything off with kill("all"), or lift() what may run again.',
  },
  KILLED: {
    title: "A call or a run was refused, because it was switched off",
    why: "kill() or GRAPHTAP_KILL switched off everything, or this tool, tenant, user or service. The reason in the audit log says which.",
    do: "lift() the switch when it is safe; what the environment switched off stays off until the process starts without it.",
    example: 'stack.get(security).lift("tool:refund");',
  },
  LOOP_ARGUMENTS_REPEATED: {
    title: "A run called one tool with the same arguments too often",
    why: "It made loop.maxRepeats (default 20) calls of the tool with these arguments: it is taken for an endless loop.",
    do: "Look at what the tool answers; raise security({ loop: { maxRepeats } }) for a tool that is polled.",
  },
  LOOP_CALLS_EXCEEDED: {
    title: "A run made too many tool calls",
    why: "It made loop.maxCalls (default 200) calls of all tools together, nested runs included.",
    do: "Raise security({ loop: { maxCalls } }) if such runs are meant to be.",
  },
  LOOP_TOOL_EXCEEDED: {
    title: "A run called one tool too often",
    why: "It made loop.maxCallsPerTool (default 100) calls of the tool.",
    do: "Raise security({ loop: { maxCallsPerTool } }) if such runs are meant to be.",
  },
  PERMISSION_NOT_GRANTED: {
    title: "A tool call was denied; the run went on",
    why: "Nothing is allowed that is not granted. The reason in the audit log names the closest grant: none, one that expired or has not begun, one of a lower level, or one of other methods.",
    do: "Grant it, if it is meant to be allowed. The tenant counts: a grant without tenantId is for principals without one. explain() says what is missing.",
    example:
      'stack.get(security).grantToolPermission({ userId: "bob", toolName: "refund", permissionLevel: "write" });',
  },
  RATE_LIMIT_EXCEEDED: {
    title: "A tool call was denied, because there were as many as are allowed",
    why: "The principal has used up a limit of the tool or of its grant. Denied calls use nothing up.",
    do: "Wait for as long as the denial says, or raise rateLimit. A limit of 0 allows none, ever.",
  },
  RATE_LIMIT_UNAVAILABLE: {
    title: "A tool call was denied, because it could not be counted",
    why: "maxRateEntries (default 1,000,000) calls are remembered; to forget one would lift somebody's limit.",
    do: "Raise security({ maxRateEntries }), or use shorter windows.",
  },
  REVOKE_INVALID: {
    title: "revokeToolPermission() was given something that names no grant",
    why: "A key is missing, unknown or of the wrong type.",
    do: "Name the principal, its tenant and the tool as they were granted.",
    example: 'stack.get(security).revokeToolPermission({ userId: "alice", toolName: "refund" });',
  },
  SECURITY_OPTIONS_INVALID: {
    title: "A manager without a stack was made with wrong options",
    why: "A key is unknown or of the wrong type, a level does not exist, or a bound is no whole number above zero.",
    do: "Correct the call; everything has a default.",
    example: 'new WorkflowSecurityManager({ tools: { search: { level: "read" } } });',
  },
  SECURITY_QUERY_INVALID: {
    title: "A question to the security service is wrong",
    why: "A filter is unknown, empty or of the wrong type. An empty filter is refused, because it would mean everybody.",
    do: "Leave a filter out to mean all.",
    example: 'await stack.get(security).getAuditLog({ userId: "bob", hours: 24 });',
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws or denies with. */
export type SecurityErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<SecurityErrorCode, CatalogEntry>> = Object.freeze(entries);

/** Codes of calls with wrong arguments. */
export type CallCode =
  | "AUTHORIZE_INVALID"
  | "GRANT_INVALID"
  | "KILL_INVALID"
  | "REVOKE_INVALID"
  | "SECURITY_OPTIONS_INVALID"
  | "SECURITY_QUERY_INVALID";

/** A call of the service with wrong arguments. Names the keys, what was expected and what kind of thing was got; of texts never the content. */
export function callInvalid(code: CallCode, method: string, error: z.ZodError, given: unknown): GraphTapError {
  return new GraphTapError({
    code,
    what: `${method}() was given wrong arguments.`,
    why: problemsOf(error, given, null, "argument").join("\n"),
    do: `${entries[code].do}\n${entries[code].example}`,
    plugin: "security",
  });
}

export function grantLimitReached(maxGrants: number): GraphTapError {
  return new GraphTapError({
    code: "GRANT_LIMIT_REACHED",
    what: "grantToolPermission() has no room for another grant.",
    why: `${maxGrants} permissions are in force (maxGrants) and none of them has expired.`,
    do: entries.GRANT_LIMIT_REACHED.do,
    plugin: "security",
  });
}

export function killInvalid(text: string): GraphTapError {
  return new GraphTapError({
    code: "KILL_INVALID",
    what: `${JSON.stringify(text)} names nothing that can be switched off.`,
    why: entries.KILL_INVALID.why,
    do: `${entries.KILL_INVALID.do}\n${entries.KILL_INVALID.example}`,
    plugin: "security",
  });
}

export function killLimitReached(most: number): GraphTapError {
  return new GraphTapError({
    code: "KILL_LIMIT_REACHED",
    what: "kill() has no room for another switch.",
    why: `${most} are off already.`,
    do: entries.KILL_LIMIT_REACHED.do,
    plugin: "security",
  });
}
