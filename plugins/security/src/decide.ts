import type { Grants, ToolPermission } from "./grants.js";
import { covers, type RequiredLevel } from "./levels.js";
import { describe, nameOf, quote, type Subject } from "./subject.js";

/** What a denial was about. The model and the user see one code for all but the first. */
export type DenialCause = "no-identity" | "no-grant" | "level" | "expired" | "unknown-level";

interface Judged {
  /** For the developer: names the grant, or says that there is none. Never for the model. */
  readonly reason: string;
  /** The level the tool asks for; null when its metadata names one that does not exist. */
  readonly requiredLevel: RequiredLevel | null;
  /** Grants that were looked at: one for each principal that acts. */
  readonly grantIds: readonly string[];
  readonly policyVersion: number;
  /** Epoch milliseconds. */
  readonly evaluatedAt: number;
}

/** Whether somebody may run a tool, and why. `allowed` tells the two apart. */
export type Decision =
  | (Judged & { readonly allowed: true; readonly code: null; readonly cause: null; readonly message: null })
  | (Judged & {
      readonly allowed: false;
      readonly code: "PERMISSION_NOT_GRANTED" | "IDENTITY_MISSING";
      readonly cause: DenialCause;
      /** For the model: what to do now, no policy details. */
      readonly message: string;
    });

/** One question. */
export interface DecisionRequest {
  /** Null: nobody is known to ask, which is denied. */
  readonly subject: Subject | null;
  readonly toolName: string;
  readonly required: RequiredLevel | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Somebody who acts for somebody who acts for ...: longer chains are refused, for they may be endless. */
const LONGEST_CHAIN = 8;

/**
 * Decides one question from the grants alone: default deny, every principal of the chain must be allowed. Pure.
 */
export function decide(grants: Grants, request: DecisionRequest): Decision {
  const { subject, toolName, required, now } = request;
  const grantIds: string[] = [];
  const judged = (reason: string): Judged => ({
    reason,
    requiredLevel: required,
    grantIds,
    policyVersion: grants.version,
    evaluatedAt: now,
  });
  const denied = (cause: DenialCause, reason: string): Decision => ({
    ...judged(reason),
    allowed: false,
    cause,
    ...(cause === "no-identity" ? NO_IDENTITY : { code: "PERMISSION_NOT_GRANTED", message: messageFor(toolName) }),
  });
  const version = `policy v${grants.version}`;
  if (subject === null)
    return denied("no-identity", `nobody is known to call ${quote(toolName)} (default deny, ${version})`);
  if (required === null)
    return denied(
      "unknown-level",
      `the metadata of ${quote(toolName)} asks for a level that does not exist (default deny, ${version})`,
    );

  let asker: Subject | null = subject;
  let through = "";
  let reason = "";
  for (let depth = 0; asker !== null; depth++) {
    const who = describe(asker) + through;
    if (depth === LONGEST_CHAIN || nameOf(asker) === null)
      return denied("no-identity", `nobody is known to call ${quote(toolName)} as ${who} (default deny, ${version})`);
    const grant = grants.find(asker, toolName);
    if (grant === undefined)
      return denied("no-grant", `no grant of ${quote(toolName)} for ${who} (default deny, ${version})`);
    grantIds.push(grant.id);
    const named = `grant ${grant.id} of ${quote(toolName)} for ${who}`;
    if (expired(grant, now))
      return denied("expired", `${named} expired at ${new Date(grant.expiry).toISOString()} (${version})`);
    if (!covers(grant.permissionLevel, required))
      return denied("level", `${named} allows ${grant.permissionLevel}, ${required} is required (${version})`);
    reason = reason === "" ? named : `${reason}, and ${named}`;
    through = `, for whom ${describe(asker)} acts`;
    asker = asker.onBehalfOf;
  }
  return { ...judged(`${reason} (${version})`), allowed: true, code: null, cause: null, message: null };
}

/** At the very millisecond of its expiry a grant allows nothing any more. */
function expired(grant: ToolPermission, now: number): grant is ToolPermission & { expiry: number } {
  // Written so that a time that is no number counts as expired.
  return grant.expiry !== null && !(now < grant.expiry);
}

const NO_IDENTITY = {
  code: "IDENTITY_MISSING",
  message: "Tools are not available without signing in; answer without them.",
} as const;

const messageFor = (toolName: string): string =>
  `${quote(toolName)} is not available to you; do not retry, answer without it.`;
