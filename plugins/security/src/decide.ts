import { grantsInForce, judgeGrant } from "./candidates.js";
import type { Grants, ToolPermission } from "./grants.js";
import type { RequiredLevel } from "./levels.js";
import type { DecisionRequest, DenialCause, Refusal } from "./question.js";
import { allowedReason, denialReason } from "./reasons.js";
import { isNamed, LONGEST_CHAIN, quote, type Subject } from "./subject.js";

interface Judged {
  /** For the developer: names the grant, or says that there is none. Never for the model. */
  readonly reason: string;
  /** The level the call asks for; null when the tool's metadata names one that does not exist. */
  readonly requiredLevel: RequiredLevel | null;
  /** The method the call is; null when it has none that anybody could tell. */
  readonly method: string | null;
  /** Grants that decided: those in use, or the one that came closest. */
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

/** Whether somebody has the right to run a tool, and why. `allowed` tells the two apart. */
export type Permitted = Judged & {
  readonly allowed: true;
  readonly code: null;
  readonly cause: null;
  readonly message: null;
};
export type Permission = Permitted | Denied;

const refuse = (cause: DenialCause, asker: Subject | null, actor: Subject | null, grant: ToolPermission | null) => ({
  cause,
  asker,
  actor,
  grant,
});

/**
 * The decision alone: null when every principal of the chain is allowed, else the first refusal. It is what each tool
 * call pays for, so it builds no text.
 */
function refusalOf(grants: Grants, request: DecisionRequest): Refusal | null {
  const { subject, required } = request;
  if (subject === null) return refuse("no-identity", null, null, null);
  if (required === null) return refuse("unknown-level", subject, null, null);
  const { toolName, now } = request;
  const method = request.method ?? null;
  let asker: Subject | null = subject;
  let actor: Subject | null = null;
  for (let depth = 0; asker !== null; depth++) {
    // Nearly every call: the principal's own grant is enough, and it has no role that could refuse. What was found has
    // exactly one name.
    const held = depth < LONGEST_CHAIN ? grants.find(asker, toolName) : undefined;
    const { roles } = asker;
    const plain = roles === undefined || roles.length === 0;
    if (held === undefined || !plain || judgeGrant(held, method, required, now) !== null) {
      if (depth === LONGEST_CHAIN || !isNamed(asker)) return refuse("no-identity", asker, actor, null);
      const refusal = refusalOfOne(grants, request, asker, actor, required);
      if (refusal !== null) return refusal;
    }
    actor = asker;
    asker = asker.onBehalfOf;
  }
  return null;
}

/** How near to allowing a grant came: the nearest is the one worth telling of. */
const NEAR: Readonly<Record<DenialCause, number>> = {
  "no-identity": 0,
  "unknown-level": 0,
  "no-grant": 0,
  expired: 1,
  "not-yet": 2,
  level: 3,
  "method-unknown": 4,
  method: 4,
};

/**
 * One principal: its own grant or any of its roles' has to be enough by itself, and none in force may say `none`. An
 * administrator needs none that is enough; one that says `none` holds for them too.
 */
function refusalOfOne(
  grants: Grants,
  { toolName, method = null, now, isAdmin }: DecisionRequest,
  asker: Subject,
  actor: Subject | null,
  required: RequiredLevel,
): Refusal | null {
  let allowed = isAdmin?.(asker) === true;
  let cause: DenialCause = "no-grant";
  let nearest: ToolPermission | null = null;
  /** True: it refuses, whatever the others say. */
  const forbids = (grant: ToolPermission): boolean => {
    const verdict = judgeGrant(grant, method, required, now);
    if (verdict === null) allowed = true;
    else if (verdict === "level" && grant.permissionLevel === "none") return true;
    else if (NEAR[verdict] > NEAR[cause]) {
      cause = verdict;
      nearest = grant;
    }
    return false;
  };
  const own = grants.find(asker, toolName);
  if (own !== undefined && forbids(own)) return refuse("level", asker, actor, own);
  for (const role of asker.roles ?? [])
    for (const grant of grants.ofRole(role, asker.tenantId, toolName))
      if (forbids(grant)) return refuse("level", asker, actor, grant);
  return allowed ? null : refuse(cause, asker, actor, nearest);
}

/** The denial of a question, or null when it is allowed. Pure; builds no text for what is allowed. */
export function denialFor(grants: Grants, request: DecisionRequest): Denied | null {
  const refusal = refusalOf(grants, request);
  if (refusal === null) return null;
  const { cause, grant } = refusal;
  const used = [...(refusal.asker === null ? [] : grantsInUse(grants, request, refusal.asker))];
  return {
    ...judged(grants, request, grant === null ? used : [...used, grant]),
    ...(cause === "no-identity"
      ? NO_IDENTITY
      : { code: "PERMISSION_NOT_GRANTED", message: messageFor(request.toolName) }),
    reason: denialReason(refusal, request, grants.version),
    allowed: false,
    cause,
  };
}

/** Decides one question from the grants alone: default deny, every principal of the chain must be allowed. Pure. */
export function decide(grants: Grants, request: DecisionRequest): Permission {
  const denial = denialFor(grants, request);
  if (denial !== null) return denial;
  return {
    ...judged(grants, request, grantsInUse(grants, request, null)),
    reason: allowedReason(grants, request),
    allowed: true,
    code: null,
    cause: null,
    message: null,
  };
}

/** Grants in use of the chain, up to the principal that was refused. */
function grantsInUse(grants: Grants, request: DecisionRequest, until: Subject | null): readonly ToolPermission[] {
  const used: ToolPermission[] = [];
  let depth = 0;
  for (let one = request.subject; one !== null && one !== until && depth < LONGEST_CHAIN; one = one.onBehalfOf) {
    depth++;
    used.push(...grantsInForce(grants, one, request));
  }
  return used;
}

const judged = (grants: Grants, request: DecisionRequest, used: readonly ToolPermission[]) => ({
  requiredLevel: request.required,
  method: request.method ?? null,
  grantIds: [...new Set(used.map(({ id }) => id))],
  policyVersion: grants.version,
  evaluatedAt: request.now,
});

const NO_IDENTITY = {
  code: "IDENTITY_MISSING",
  message: "Tools are not available without signing in; answer without them.",
} as const;

const messageFor = (toolName: string): string =>
  `${quote(toolName)} is not available to you; do not retry, answer without it.`;
