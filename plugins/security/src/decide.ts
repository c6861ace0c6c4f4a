import type { Grants, ToolPermission } from "./grants.js";
import { covers, type RequiredLevel } from "./levels.js";
import { describe, isNamed, quote, type Subject } from "./subject.js";

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

/** A refusal, and why. */
export type Denied = Judged & {
  readonly allowed: false;
  readonly code: "PERMISSION_NOT_GRANTED" | "IDENTITY_MISSING";
  readonly cause: DenialCause;
  /** For the model: what to do now, no policy details. */
  readonly message: string;
};

/** Whether somebody may run a tool, and why. `allowed` tells the two apart. */
export type Decision =
  | (Judged & { readonly allowed: true; readonly code: null; readonly cause: null; readonly message: null })
  | Denied;

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

/** Which principal of the chain was refused, and for what. */
interface Refusal {
  readonly cause: DenialCause;
  readonly asker: Subject | null;
  /** Who acts for `asker`; null when it asks for itself. */
  readonly actor: Subject | null;
  readonly grant: ToolPermission | null;
}

/**
 * The decision alone: null when every principal of the chain is allowed, else the first refusal. It is what each tool
 * call pays for, so it builds no text.
 */
function refusalOf(grants: Grants, { subject, toolName, required, now }: DecisionRequest): Refusal | null {
  const refuse = (cause: DenialCause, asker: Subject | null, actor: Subject | null, grant: ToolPermission | null) => ({
    cause,
    asker,
    actor,
    grant,
  });
  if (subject === null) return refuse("no-identity", null, null, null);
  if (required === null) return refuse("unknown-level", subject, null, null);
  let asker: Subject | null = subject;
  let actor: Subject | null = null;
  for (let depth = 0; asker !== null; depth++) {
    if (depth === LONGEST_CHAIN || !isNamed(asker)) return refuse("no-identity", asker, actor, null);
    const grant = grants.find(asker, toolName);
    if (grant === undefined) return refuse("no-grant", asker, actor, null);
    if (expired(grant, now)) return refuse("expired", asker, actor, grant);
    if (!covers(grant.permissionLevel, required)) return refuse("level", asker, actor, grant);
    actor = asker;
    asker = asker.onBehalfOf;
  }
  return null;
}

/**
 * The denial of a question, or null when it is allowed. Pure; builds no text for what is allowed.
 */
export function denialFor(grants: Grants, request: DecisionRequest): Denied | null {
  const refusal = refusalOf(grants, request);
  if (refusal === null) return null;
  const { cause } = refusal;
  return {
    ...judged(grants, request, grantsOf(grants, request, refusal)),
    ...(cause === "no-identity"
      ? NO_IDENTITY
      : { code: "PERMISSION_NOT_GRANTED", message: messageFor(request.toolName) }),
    reason: reasonOf(refusal, request, grants.version),
    allowed: false,
    cause,
  };
}

/**
 * Decides one question from the grants alone: default deny, every principal of the chain must be allowed. Pure.
 */
export function decide(grants: Grants, request: DecisionRequest): Decision {
  const denial = denialFor(grants, request);
  if (denial !== null) return denial;
  const used = grantsOf(grants, request, null);
  const texts = used.map(({ grant, who }) => `grant ${grant.id} of ${quote(request.toolName)} for ${who}`);
  return {
    ...judged(grants, request, used),
    reason: `${texts.join(", and ")} (policy v${grants.version})`,
    allowed: true,
    code: null,
    cause: null,
    message: null,
  };
}

const judged = (grants: Grants, request: DecisionRequest, used: readonly UsedGrant[]) => ({
  requiredLevel: request.required,
  grantIds: used.map(({ grant }) => grant.id),
  policyVersion: grants.version,
  evaluatedAt: request.now,
});

interface UsedGrant {
  readonly grant: ToolPermission;
  readonly who: string;
}

/** The grants that were looked at, up to the one that was not enough. */
function grantsOf(grants: Grants, { subject, toolName }: DecisionRequest, refusal: Refusal | null): UsedGrant[] {
  const used: UsedGrant[] = [];
  if (refusal?.cause === "unknown-level") return used;
  let actor: Subject | null = null;
  for (let asker = subject; asker !== null && used.length < LONGEST_CHAIN; asker = asker.onBehalfOf) {
    const grant = grants.find(asker, toolName);
    if (grant === undefined) return used;
    used.push({ grant, who: named(asker, actor) });
    if (grant === refusal?.grant) return used;
    actor = asker;
  }
  return used;
}

const named = (asker: Subject, actor: Subject | null): string =>
  actor === null ? describe(asker) : `${describe(asker)}, for whom ${describe(actor)} acts`;

function reasonOf(
  { cause, asker, actor, grant }: Refusal,
  { toolName, required }: DecisionRequest,
  version: number,
): string {
  const tool = quote(toolName);
  const standing = `(default deny, policy v${version})`;
  const who = asker === null ? null : named(asker, actor);
  if (cause === "unknown-level") return `the metadata of ${tool} asks for a level that does not exist ${standing}`;
  if (cause === "no-identity") return `nobody is known to call ${tool}${who === null ? "" : ` as ${who}`} ${standing}`;
  if (grant === null) return `no grant of ${tool} for ${who} ${standing}`;
  const held = `grant ${grant.id} of ${tool} for ${who}`;
  if (cause === "expired")
    return `${held} expired at ${new Date(grant.expiry ?? 0).toISOString()} (policy v${version})`;
  return `${held} allows ${grant.permissionLevel}, ${required} is required (policy v${version})`;
}

/** At the very millisecond of its expiry a grant allows nothing any more. */
function expired(grant: ToolPermission, now: number): boolean {
  // Written so that a time that is no number counts as expired.
  return grant.expiry !== null && !(now < grant.expiry);
}

const NO_IDENTITY = {
  code: "IDENTITY_MISSING",
  message: "Tools are not available without signing in; answer without them.",
} as const;

const messageFor = (toolName: string): string =>
  `${quote(toolName)} is not available to you; do not retry, answer without it.`;
