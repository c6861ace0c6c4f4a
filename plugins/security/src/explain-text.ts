import type { Considered, SecurityExplanation } from "./explain.js";
import { duration } from "./refusals.js";
import { describe, quote, type Subject } from "./subject.js";

type Facts = Omit<SecurityExplanation, "fix" | "text">;

/**
 * What would let a denied call pass.
 *
 * @param refused the first of those who act for each other that may not
 * @param undeclared nobody said what the tool needs
 */
export function fixFor(
  { decision, considered, kill, toolName }: Facts,
  refused: Subject | null,
  undeclared: boolean,
): string | null {
  if (decision.allowed) return null;
  const { cause, requiredLevel, method, grantIds } = decision;
  const tool = quote(toolName);
  // The grant that came closest is the last that a denial names.
  const nearest = considered.find(({ permission }) => permission.id === grantIds.at(-1))?.permission ?? null;
  switch (cause) {
    case "killed":
      return kill?.source === "environment"
        ? `start the process without ${quote(kill.target)} in GRAPHTAP_KILL`
        : `lift(${quote(kill?.target ?? "all")})`;
    case "no-identity":
      return "run it with stack.as({ userId }) or stack.as({ service })";
    case "unknown-level":
      return `correct the tool's metadata, or declare its level: security({ tools: { ${tool}: { level } } })`;
    case "rate": {
      const wait = decision.rate?.retryAfterMs ?? null;
      return wait === null ? "a higher rateLimit" : `wait ${duration(wait)}, or a higher rateLimit`;
    }
    case "loop":
      return "a new run, or higher loop limits";
    case "method":
      return `a grant whose allowedMethods hold ${quote(method ?? "")}`;
    case "method-unknown":
      return `declare how to tell the method: security({ tools: { ${tool}: { method: "<argument>" } } })`;
    case "level":
      return nearest?.permissionLevel === "none"
        ? `revoke ${nearest.id}: a grant of "none" refuses, whatever else is granted`
        : `a grant of level ${requiredLevel}${
            undeclared && nearest !== null
              ? `, or its level where it needs less: security({ tools: { ${tool}: { level: "${nearest.permissionLevel}" } } })`
              : ""
          }`;
    case "not-yet":
      return `wait until ${new Date(nearest?.notBefore ?? 0).toISOString()}, or a grant that begins earlier`;
    case "expired":
    case "no-grant":
      return refused === null ? null : `grantToolPermission(${grantText(refused, toolName, requiredLevel)})`;
  }
}

/** The argument of `grantToolPermission` that lets somebody use a tool. */
export function grantText(who: Subject, toolName: string, level: string | null): string {
  const name = who.userId === null ? `service: ${quote(who.service ?? "")}` : `userId: ${quote(who.userId)}`;
  const tenant = who.tenantId === null ? "" : `, tenantId: ${quote(who.tenantId)}`;
  return `{ ${name}${tenant}, toolName: ${quote(toolName)}, permissionLevel: ${quote(level ?? "write")} }`;
}

/** The explanation for a terminal. Names are quoted as JSON, so that none forges a line. */
export function textOf({
  decision,
  administrators,
  considered,
  limits,
  fix,
}: Omit<SecurityExplanation, "text">): string {
  const head = decision.allowed ? "allowed" : `denied  ${decision.code} (${decision.cause})`;
  const level = decision.requiredLevel ?? "unknown";
  const lines = [
    head,
    `  why     ${decision.reason}`,
    `  needs   level ${level}, ${decision.method === null ? "no method known" : `method ${quote(decision.method)}`}`,
    ...administrators.map((who) => `  admin   ${who} needs no grant`),
    ...considered.map((one) => `  grant   ${considerText(one)}`),
    ...limits.map(
      ({ principal, limit, windowMs, remaining, resetAt }) =>
        `  limit   ${principal}: ${remaining} of ${limit} in ${duration(windowMs)} left${
          resetAt === null ? "" : `, one more at ${new Date(resetAt).toISOString()}`
        }`,
    ),
    ...(fix === null ? [] : [`  fix     ${fix}`]),
  ];
  return lines.join("\n");
}

function considerText({ permission, principal, cause }: Considered): string {
  const { id, permissionLevel, allowedMethods, expiry } = permission;
  const methods = allowedMethods === null ? "all methods" : `methods [${allowedMethods.map(quote).join(", ")}]`;
  const until = expiry === null ? "" : `, until ${new Date(expiry).toISOString()}`;
  const holder = permission.role === null ? principal : `${describe(permission)}, a role of ${principal}`;
  return `${id} for ${holder}: ${permissionLevel}, ${methods}${until}: ${cause === null ? "enough" : cause}`;
}
