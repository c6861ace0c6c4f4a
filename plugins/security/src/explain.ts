import { type Candidate, candidates } from "./candidates.js";
import { denialFor } from "./decide.js";
import type { Decision, GateCall, GateParts, ToolGate } from "./gate.js";
import type { ToolPermission } from "./grants.js";
import type { Kill } from "./kill.js";
import { decisive, type RateStatus } from "./rate.js";
import { fixFor, textOf } from "./explain-text.js";
import { chainOf, describe, type Subject } from "./subject.js";

/** A grant that bears on the question. */
export interface Considered {
  readonly permission: ToolPermission;
  /** `user "alice"`, or whose role it is of. */
  readonly principal: string;
  /** Null: it allows the call by itself. */
  readonly cause: Candidate["cause"];
}

/** Everything that decides one question. Nothing is counted by asking. */
export interface SecurityExplanation {
  readonly toolName: string;
  readonly decision: Decision;
  /** Principals that need no grant. */
  readonly administrators: readonly string[];
  readonly considered: readonly Considered[];
  /** The switch that stops it; null when none does. */
  readonly kill: Kill | null;
  /** Every window the call is under, as it stands. */
  readonly limits: readonly (RateStatus & { readonly principal: string })[];
  /** What would let a denied call pass; null for an allowed one. */
  readonly fix: string | null;
  /** All of it, for a terminal. */
  readonly text: string;
}

/** Explains a question without counting it. */
export function explain(
  { grants, rules, kills, isAdmin }: Pick<GateParts, "grants" | "rules" | "kills" | "isAdmin">,
  gate: ToolGate,
  call: GateCall,
  at?: number,
): SecurityExplanation {
  const request = gate.request(call, at);
  const chain = chainOf(call.subject);
  const facts = {
    toolName: call.toolName,
    decision: gate.decide(call, at),
    administrators: chain.filter((one) => isAdmin(one)).map(describe),
    considered: chain.flatMap((one) =>
      candidates(grants, one, request).map(({ grant, cause }) => ({
        permission: grant,
        principal: describe(one),
        cause,
      })),
    ),
    kill: kills.stops(call.subject, call.toolName),
    limits: gate.limits(request).map(({ subject, status }) => ({ ...status, principal: describe(subject) })),
  };
  const refused = chain.find((one) => denialFor(grants, { ...request, subject: { ...named(one), onBehalfOf: null } }));
  const fix = fixFor(facts, refused ?? null, rules.isUndeclared(call.toolName, call.metadata));
  return { ...facts, fix, text: textOf({ ...facts, fix }) };
}

const named = ({ userId, service, tenantId, roles }: Subject) => ({ userId, service, tenantId, roles });

/** A tool that somebody may use now. */
export interface AllowedTool {
  readonly toolName: string;
  /** Methods it may call; null all. */
  readonly methods: readonly string[] | null;
  /** The tightest limit as it stands; null without one. */
  readonly rate: RateStatus | null;
}

/** What somebody may use now, of the tools that something was granted or declared about. */
export interface AllowedTools {
  /** An administrator: other tools as well, whatever they are called. */
  readonly everything: boolean;
  readonly tools: readonly AllowedTool[];
}

/** What somebody may use. Levels that only a tool's own metadata declares are not known here: the default stands for them. */
export function listAllowed(
  { grants, rules, isAdmin, kills }: Pick<GateParts, "grants" | "rules" | "isAdmin" | "kills">,
  gate: ToolGate,
  subject: Subject,
): AllowedTools {
  const chain = chainOf(subject);
  const names = new Set(chain.flatMap((one) => [...grants.toolsOf(one)]));
  const everything = chain.every((one) => isAdmin(one)) && kills.stops(subject, null) === null;
  if (everything) for (const name of rules.names) names.add(name);
  const tools = [...names].sort().flatMap((toolName): AllowedTool[] => {
    const may = (method: string | null): boolean => gate.decide({ subject, toolName, method }).allowed;
    const listed = new Set(rules.methodsOf(toolName));
    for (const one of chain)
      for (const { grant } of candidates(grants, one, gate.request({ subject, toolName, method: null })))
        for (const method of grant.allowedMethods ?? []) listed.add(method);
    const methods = may(null) ? null : [...listed].filter(may).sort();
    if (methods?.length === 0) return [];
    const request = gate.request({ subject, toolName, method: methods?.[0] ?? null });
    return [{ toolName, methods, rate: decisive(gate.limits(request).map(({ status }) => status)) ?? null }];
  });
  return { everything, tools };
}
