import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GateCall, type GateDenial, ToolGate } from "./gate.js";
import { Grants, type ToolPermission } from "./grants.js";
import { KillSwitch } from "./kill.js";
import { RunCalls } from "./loop.js";
import { RateLimiter, type RateWindow } from "./rate.js";
import { ToolRules } from "./rules.js";
import type { Subject } from "./subject.js";

const HOUR = 3_600_000;
const grant = (part: Partial<ToolPermission>): ToolPermission => ({
  id: "g",
  userId: null,
  service: null,
  role: null,
  tenantId: null,
  anyTenant: false,
  toolName: "t",
  permissionLevel: "write",
  allowedMethods: null,
  rateLimit: [],
  notBefore: null,
  expiry: null,
  grantedBy: null,
  grantedAt: 0,
  ...part,
});
const user = (userId: string, part: Partial<Subject> = {}): Subject => ({
  userId,
  service: null,
  tenantId: null,
  onBehalfOf: null,
  ...part,
});
const hourly = (limit: number): readonly RateWindow[] => [{ limit, windowMs: HOUR }];

function make(rules = new ToolRules()) {
  const grants = new Grants();
  const kills = new KillSwitch();
  const limiter = new RateLimiter(1_000);
  const time = { now: 0 };
  const gate = new ToolGate({
    grants,
    kills,
    limiter,
    rules,
    isAdmin: ({ roles }) => roles?.includes("root") === true,
    moment: () => ({ monotonic: time.now, epoch: 1_000 + time.now }),
  });
  const call = (subject: Subject | null = user("u"), part: Partial<GateCall> = {}): GateCall => ({
    subject,
    toolName: "t",
    args: {},
    ...part,
  });
  const admit = (subject?: Subject | null, part?: Partial<GateCall>) => gate.admit(call(subject, part), null);
  return { grants, kills, limiter, gate, call, admit, time };
}

describe("ToolGate", () => {
  it("looks at switches, then permission, then the loop guard, then limits, and takes nothing for what it refuses", () => {
    const { grants, kills, limiter, gate, call } = make();
    const calls = new RunCalls({ maxCalls: 1, maxCallsPerTool: 1, maxRepeats: 1 });
    const loop = { calls, argsHash: () => "h" };
    const code = () => {
      const answer = gate.admit(call(), loop);
      return answer.allowed ? "allowed" : `${answer.code} ${answer.cause}`;
    };
    kills.set({ target: "tool:t", by: "me", reason: null, at: 0, source: "call" });
    grants.put(grant({ userId: "u", permissionLevel: "read", rateLimit: hourly(0) }));
    expect(code()).toBe("KILLED killed");
    kills.lift("tool:t");
    expect(code()).toBe("PERMISSION_NOT_GRANTED level");
    grants.put(grant({ userId: "u", rateLimit: hourly(0) }));
    expect(code()).toBe("RATE_LIMIT_EXCEEDED rate");
    expect([limiter.entries, calls.total]).toEqual([0, 0]);
    grants.put(grant({ userId: "u", rateLimit: hourly(5) }));
    expect(code()).toBe("allowed");
    expect(code()).toBe("LOOP_CALLS_EXCEEDED loop");
    expect([limiter.entries, calls.total]).toEqual([1, 1]);
  });

  it("gives back the run's count and the limit together, once", () => {
    const { grants, limiter, gate, call } = make();
    const calls = new RunCalls({ maxCalls: 9, maxCallsPerTool: 9, maxRepeats: 9 });
    grants.put(grant({ userId: "u", rateLimit: hourly(5) }));
    const taken = gate.admit(call(), { calls, argsHash: () => "h" });
    expect([limiter.entries, calls.total]).toEqual([1, 1]);
    if (!taken.allowed) throw new Error(taken.reason);
    taken.release();
    taken.release();
    expect([limiter.entries, calls.total]).toEqual([0, 0]);
  });

  it("counts one call for somebody who acts for themselves", () => {
    const { grants, limiter, admit } = make();
    grants.put(grant({ userId: "u", rateLimit: hourly(2) }));
    const twice = user("u", { onBehalfOf: user("u") });
    expect([admit(twice).allowed, admit(twice).allowed, admit(twice).allowed]).toEqual([true, true, false]);
    expect(limiter.entries).toBe(2);
  });

  it("holds everybody to the tool's own limit, each for themselves, and to that of the grant as well", () => {
    const rules = new ToolRules(new Map([["t", { rateLimit: [{ limit: 3, windowMs: HOUR }] }]]));
    const { grants, admit, time } = make(rules);
    grants.put(grant({ userId: "u", rateLimit: [{ limit: 2, windowMs: 1_000 }] }));
    grants.put(grant({ userId: "v" }));
    expect([admit().allowed, admit().allowed, admit().allowed]).toEqual([true, true, false]);
    time.now = 1_000;
    expect([admit().allowed, admit().allowed]).toEqual([true, false]);
    expect(admit()).toMatchObject({ code: "RATE_LIMIT_EXCEEDED", rate: { limit: 3, retryAfterMs: HOUR - 1_000 } });
    expect([admit(user("v")), admit(user("v")), admit(user("v")), admit(user("v"))].map((a) => a.allowed)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it("lets an administrator past permission, and past no limit and no switch", () => {
    const rules = new ToolRules(new Map([["t", { level: "admin" as const, rateLimit: hourly(1) }]]));
    const { admit, kills } = make(rules);
    const root = user("root", { roles: ["root"] });
    expect(admit(root)).toMatchObject({ allowed: true, rate: { remaining: 0 } });
    expect(admit(root)).toMatchObject({ allowed: false, code: "RATE_LIMIT_EXCEEDED" });
    kills.set({ target: "all", by: null, reason: null, at: 0, source: "environment" });
    expect(admit(root)).toMatchObject({ allowed: false, code: "KILLED" });
  });

  it("keeps an administrator to the limit of a grant that is too low for the call", () => {
    const { grants, admit } = make();
    grants.put(grant({ userId: "root", permissionLevel: "read", rateLimit: hourly(1) }));
    const root = user("root", { roles: ["root"] });
    expect([admit(root).allowed, admit(root).allowed]).toEqual([true, false]);
  });

  it("takes from both a service and its user, or from neither", () => {
    const { grants, admit, gate, call } = make();
    grants.put(grant({ service: "s", rateLimit: hourly(10) }));
    grants.put(grant({ userId: "u", rateLimit: hourly(1) }));
    const forUser = { ...user(""), userId: null, service: "s", onBehalfOf: user("u") };
    expect(admit(forUser).allowed).toBe(true);
    expect(admit(forUser)).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('user "u" has used up its limit'),
    });
    expect(gate.limits(gate.request(call(forUser))).map(({ status }) => status.remaining)).toEqual([9, 0]);
  });

  it("asks again where room is taken: a right that went in between is gone", () => {
    const { grants, gate, call, admit } = make();
    grants.put(grant({ userId: "u" }));
    expect(gate.judge(call())).toBeNull();
    grants.remove(user("u"), "t");
    expect(admit()).toMatchObject({ allowed: false, cause: "no-grant" });
  });

  it("keeps counting for whoever is granted the same again, or loses and gets it back", () => {
    const { grants, admit } = make();
    for (let round = 0; round < 5; round++) {
      grants.put(grant({ userId: "u", rateLimit: hourly(2) }));
      expect(admit().allowed).toBe(round < 2);
      grants.remove(user("u"), "t");
    }
  });

  it("believes no method that contradicts the arguments", () => {
    const rules = new ToolRules(new Map([["t", { method: "action" }]]));
    const { grants, gate, call } = make(rules);
    grants.put(grant({ userId: "u", allowedMethods: ["read"] }));
    const ask = (args: unknown, method?: string | null) =>
      gate.decide(call(user("u"), { args, ...(method === undefined ? {} : { method }) })).cause;
    expect(ask({ action: "read" })).toBeNull();
    expect(ask({ action: "drop" })).toBe("method");
    expect(ask({ action: "drop" }, "read")).toBe("method-unknown");
    expect(ask({ action: "read" }, "read")).toBeNull();
    expect(ask({ action: "read" }, null)).toBe("method-unknown");
    expect(ask({}, "read")).toBeNull();
    expect(ask({})).toBe("method-unknown");
  });

  it("tells the model when to come back, and nothing of the policy", () => {
    const { grants, gate, call, admit } = make();
    grants.put(grant({ userId: "u", rateLimit: [{ limit: 1, windowMs: 90_000 }] }));
    admit();
    expect(admit()).toMatchObject({
      message: '"t" was called as often as is allowed; not before 1 min 30 s from now.',
      reason: 'user "u" has used up its limit of "t", 1 in 1 min 30 s; the next call fits in 1 min 30 s',
    });
    grants.put(grant({ userId: "u", rateLimit: hourly(0) }));
    expect(gate.decide(call())).toMatchObject({
      message: '"t" is not available to you; do not retry, answer without it.',
      reason: '"t" is limited to no call at all for user "u"',
    });
  });

  it("refuses what cannot be counted", () => {
    const { grants, admit, limiter } = make();
    for (let i = 0; i < 1_001; i++) grants.put(grant({ userId: `u${i}`, rateLimit: hourly(5) }));
    const answers = Array.from({ length: 1_001 }, (_, i) => admit(user(`u${i}`)));
    expect(answers.at(-2)?.allowed).toBe(true);
    expect(answers.at(-1)).toMatchObject({ allowed: false, code: "RATE_LIMIT_UNAVAILABLE", rate: null });
    expect(limiter.entries).toBe(1_000);
  });

  it("in shadow tells of each denial, takes nothing for it, and enforces switches and identity all the same", () => {
    const { grants, gate, call, kills, limiter } = make();
    const told: GateDenial[] = [];
    const admit = (subject: Subject | null = user("u")) =>
      gate.admit(call(subject), null, (denial) => void told.push(denial));
    expect(admit().allowed).toBe(true);
    grants.put(grant({ userId: "u", rateLimit: hourly(1) }));
    expect([admit().allowed, admit().allowed]).toEqual([true, true]);
    expect(told.map(({ code }) => code)).toEqual(["PERMISSION_NOT_GRANTED", "RATE_LIMIT_EXCEEDED"]);
    expect(limiter.entries).toBe(1);
    expect(admit(null)).toMatchObject({ allowed: false, code: "IDENTITY_MISSING" });
    kills.set({ target: "user:u", by: null, reason: null, at: 0, source: "call" });
    expect(admit()).toMatchObject({ allowed: false, code: "KILLED" });
    expect(told).toHaveLength(2);
  });

  it("says in advance what it will do", () => {
    const window = fc.record({ limit: fc.nat(3), windowMs: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(
        fc.array(window, { maxLength: 3 }),
        fc.array(window, { maxLength: 2 }),
        fc.array(fc.record({ wait: fc.nat(8), who: fc.constantFrom("u", "v", "s") }), { maxLength: 40 }),
        (ofGrant, ofTool, steps) => {
          const { grants, gate, call, admit, time } = make(new ToolRules(new Map([["t", { rateLimit: ofTool }]])));
          grants.put(grant({ userId: "u", rateLimit: ofGrant }));
          grants.put(grant({ service: "s" }));
          for (const { wait, who } of steps) {
            time.now += wait;
            const subject =
              who === "s" ? { ...user(""), userId: null, service: "s", onBehalfOf: user("u") } : user(who);
            const before = gate.decide(call(subject));
            expect(gate.decide(call(subject))).toEqual(before);
            const after = admit(subject);
            expect(after.allowed).toBe(before.allowed);
            if (!after.allowed) expect(after).toEqual(before);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
