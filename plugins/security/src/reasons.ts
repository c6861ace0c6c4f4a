import { grantsInForce } from "./candidates.js";
import type { Grants, ToolPermission } from "./grants.js";
import type { DecisionRequest, Refusal } from "./question.js";
import { chainOf, describe, quote, type Subject } from "./subject.js";

const named = (asker: Subject, actor: Subject | null): string =>
  actor === null ? describe(asker) : `${describe(asker)}, for whom ${describe(actor)} acts`;

/** A grant as a reason names it; where a role holds it, beside who has that role. */
const held = (grant: ToolPermission, toolName: string, who: string): string =>
  grant.role === null
    ? `grant ${grant.id} of ${quote(toolName)} for ${who}`
    : `grant ${grant.id} of ${quote(toolName)} for ${describe(grant)}, a role of ${who}`;

/** Why somebody was refused, for the developer. */
export function denialReason(
  { cause, asker, actor, grant }: Refusal,
  { toolName, method = null, required }: DecisionRequest,
  version: number,
): string {
  const tool = quote(toolName);
  const standing = `(default deny, policy v${version})`;
  const who = asker === null ? null : named(asker, actor);
  if (cause === "unknown-level") return `the metadata of ${tool} asks for a level that does not exist ${standing}`;
  if (cause === "no-identity") return `nobody is known to call ${tool}${who === null ? "" : ` as ${who}`} ${standing}`;
  if (grant === null || who === null) return `no grant of ${tool} for ${who} ${standing}`;
  const subject = held(grant, toolName, who);
  const policy = `(policy v${version})`;
  if (cause === "expired") return `${subject} expired at ${isoOf(grant.expiry)} ${policy}`;
  if (cause === "not-yet") return `${subject} begins at ${isoOf(grant.notBefore)} ${policy}`;
  if (cause === "level") return `${subject} allows ${grant.permissionLevel}, ${required} is required ${policy}`;
  const methods = grant.allowedMethods ?? [];
  const listed = methods.length === 0 ? "no method" : `the methods ${methods.map(quote).join(", ")} only`;
  return method === null
    ? `${subject} allows ${listed}, and nobody can tell which one this call is ${policy}`
    : `${subject} allows ${listed}, not ${quote(method)} ${policy}`;
}

/** Why somebody was allowed. */
export function allowedReason(grants: Grants, request: DecisionRequest): string {
  const texts: string[] = [];
  let actor: Subject | null = null;
  for (const asker of chainOf(request.subject)) {
    const who = named(asker, actor);
    const used = grantsInForce(grants, asker, request).map((grant) => held(grant, request.toolName, who));
    texts.push(request.isAdmin?.(asker) === true ? `${who} is an administrator` : used.join(" and "));
    actor = asker;
  }
  return `${texts.join(", and ")} (policy v${grants.version})`;
}

const isoOf = (epoch: number | null): string => new Date(epoch ?? 0).toISOString();
