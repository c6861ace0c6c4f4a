import { deny, type Stack } from "@graphtap/langgraph";
import type { FakeClock } from "@graphtap/testkit";
import { audit, composition, content, dashboard, metrics, perf, security, type ToolRule } from "graphtap";
import { expect } from "vitest";
import { ALICE, type Bench, type Cause, createBench, TARGET } from "./bench.js";
import { TOOL, type ToolKind } from "./tools.js";

/** Names of the tools that routes put around the target. */
const AROUND = ["other", "delegate", "outer", "first", "second", "third"];
const MINUTE = 60_000;
const ME = { userId: "alice", tenantId: "acme" };
/** A key that must never be sent to a tool: the content plugin knows its form. */
const SECRET = "sk-proj-4f9Qw7Lm2Zx8Rt6Yp1Vb3Nc5Kd0Hs7Jg";
/** More than any route calls: what is left of it says what was counted. */
export const LIMIT = 50;

type Grant = Parameters<ReturnType<typeof grantsOf>["grantToolPermission"]>[0];
const grantsOf = (stack: Stack) => stack.get(security);

/** What the real plugins are told, so that they refuse the target, or let it run. */
export interface Policy extends Pick<Cause, "name" | "code" | "guard" | "admit"> {
  /** What the host declares about the target. */
  readonly rule?: ToolRule;
  /** What differs from a grant that is enough; null: there is none. */
  readonly grant?: Partial<Grant> | null;
  /** Before the route is taken. */
  readonly before?: (stack: Stack, clock: FakeClock) => unknown;
  /** Runs after the run began and before the call is made. */
  readonly meanwhile?: (stack: Stack, clock: FakeClock) => unknown;
  readonly kind?: ToolKind;
  /** Calls of the limit that are used up before. Default 0. */
  readonly used?: number;
}

const DENIED = "PERMISSION_NOT_GRANTED";
const START = Date.parse("2026-01-01T00:00:00Z");

export const ALLOWED: Policy = { name: "allowed", code: null };
export const POLICIES: readonly Policy[] = [
  { name: "no permission", code: DENIED, grant: null },
  {
    name: "a permission that expired",
    code: DENIED,
    grant: { expiry: START + MINUTE },
    before: (_stack, clock) => clock.advance(2 * MINUTE),
  },
  {
    name: "a permission that expires during the run",
    code: DENIED,
    grant: { expiry: START + 5 * MINUTE },
    meanwhile: (_stack, clock) => clock.advance(10 * MINUTE),
  },
  {
    name: "a permission that is revoked during the run",
    code: DENIED,
    meanwhile: (stack) => grantsOf(stack).revokeToolPermission({ ...ME, toolName: TARGET }),
  },
  {
    name: "a method that is not in the list",
    code: DENIED,
    rule: { method: () => "purge", methods: { list: "read", purge: "write" } },
    grant: { allowedMethods: ["list"] },
  },
  { name: "a level that is too low", code: DENIED, rule: { level: "admin" }, grant: { permissionLevel: "execute" } },
  {
    name: "a rate limit that is used up",
    code: "RATE_LIMIT_EXCEEDED",
    grant: { rateLimit: 2 },
    used: 2,
  },
  { name: "a tool that is switched off", code: "KILLED", before: (stack) => grantsOf(stack).kill(`tool:${TARGET}`) },
  { name: "a secret in the arguments", code: "CONTENT_BLOCKED", kind: { ...TOOL, args: { target: SECRET } } },
  { name: "another plugin's guard", code: "NO_GRANT", guard: () => deny("NO_GRANT", "Not available.") },
  { name: "another plugin's limit", code: "NO_ROOM", admit: () => deny("NO_ROOM", "Try later.") },
];

/** A bench with all seven plugins after its own. */
export function benchOf(policy: Policy): Bench {
  const { name, code, guard, admit, rule, grant, before, meanwhile, used = 0 } = policy;
  const cause: Cause = {
    name,
    code,
    ...(guard === undefined ? {} : { guard }),
    ...(admit === undefined ? {} : { admit }),
    ...(meanwhile === undefined ? {} : { meanwhile: (clock) => void meanwhile(bench.stack, clock) }),
  };
  const bench: Bench = createBench(cause, [
    metrics(),
    security({ tools: rule === undefined ? {} : { [TARGET]: rule } }),
    content(),
    audit(),
    perf({ compression: { maxTokens: 2_000 } }),
    composition(),
    dashboard(),
  ]);
  const permissions = grantsOf(bench.stack);
  for (const toolName of AROUND) permissions.grantToolPermission({ ...ME, toolName, permissionLevel: "execute" });
  const enough = { ...ME, toolName: TARGET, permissionLevel: "execute", rateLimit: LIMIT } as const;
  if (grant !== null) permissions.grantToolPermission({ ...enough, ...grant } as Grant);
  for (let call = 0; call < used; call++) permissions.admitToolExecution({ ...ME, toolName: TARGET });
  before?.(bench.stack, bench.clock);
  return bench;
}

/** What the plugins say of the calls: each refusal once, each execution counted once, nothing else counted. */
export async function expectTold({ stack }: Bench, policy: Policy, calls: number): Promise<void> {
  const log = stack.get(audit);
  const told = (event: string) =>
    log.query({ event, tool: TARGET, limit: 1_000 }).entries.map((entry) => [entry.code, entry.userId, entry.tenantId]);
  const each = (code: string | null) => Array.from({ length: calls }, () => [code, ALICE.userId, ALICE.tenantId]);
  expect({ denied: told("tool.denied"), allowed: told("tool.allowed").slice(policy.used ?? 0) }).toEqual(
    policy.code === null ? { denied: [], allowed: each(null) } : { denied: each(policy.code), allowed: [] },
  );
  const executed = stack.get(security).authorizeToolExecution({ ...ME, roles: [], toolName: TARGET });
  if (executed.rate !== null && policy.used === undefined)
    expect(executed.rate.remaining, "calls counted for the limit").toBe(policy.code === null ? LIMIT - calls : LIMIT);
  expect((await log.verify()).problems).toEqual([]);
}
