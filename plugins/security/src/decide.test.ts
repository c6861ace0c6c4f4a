import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, denialFor } from "./decide.js";
import { Grants, type ToolPermission } from "./grants.js";
import { PERMISSION_LEVELS, type PermissionLevel, REQUIRED_LEVELS, type RequiredLevel } from "./levels.js";
import type { Subject } from "./subject.js";

const NOW = 1_000;
let issued = 0;
const grant = (part: Partial<ToolPermission>): ToolPermission => ({
  id: `g-${++issued}`,
  userId: null,
  service: null,
  role: null,
  tenantId: null,
  anyTenant: false,
  toolName: "refund",
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
const service = (name: string, part: Partial<Subject> = {}): Subject =>
  user("", { ...part, userId: null, service: name });
const ask = (grants: Grants, subject: Subject | null, required: RequiredLevel | null = "write", toolName = "refund") =>
  decide(grants, { subject, toolName, required, now: NOW });

describe("decide", () => {
  it("says who is missing what, without telling the model why", () => {
    const grants = new Grants();
    grants.put(grant({ userId: "alice" }));
    expect(ask(grants, user("bob"))).toEqual({
      allowed: false,
      code: "PERMISSION_NOT_GRANTED",
      cause: "no-grant",
      message: '"refund" is not available to you; do not retry, answer without it.',
      reason: 'no grant of "refund" for user "bob" (default deny, policy v2)',
      requiredLevel: "write",
      method: null,
      grantIds: [],
      policyVersion: 2,
      evaluatedAt: NOW,
    });
  });

  it("gives one message for every reason, so that nothing can be probed", () => {
    const grants = new Grants();
    grants.put(grant({ id: "g-read", userId: "low", permissionLevel: "read" }));
    grants.put(grant({ id: "g-none", userId: "none", permissionLevel: "none" }));
    grants.put(grant({ id: "g-old", userId: "old", expiry: NOW }));
    const answers = [
      ask(grants, user("low")),
      ask(grants, user("none"), "read"),
      ask(grants, user("old")),
      ask(grants, user("new")),
      ask(grants, user("low"), null),
    ];
    expect(new Set(answers.map(({ message, code }) => `${code} ${message}`)).size).toBe(1);
    expect(answers.map(({ cause }) => cause)).toEqual(["level", "level", "expired", "no-grant", "unknown-level"]);
    expect(answers.map(({ reason }) => reason)).toEqual([
      'grant g-read of "refund" for user "low" allows read, write is required (policy v4)',
      'grant g-none of "refund" for user "none" allows none, read is required (policy v4)',
      'grant g-old of "refund" for user "old" expired at 1970-01-01T00:00:01.000Z (policy v4)',
      'no grant of "refund" for user "new" (default deny, policy v4)',
      'the metadata of "refund" asks for a level that does not exist (default deny, policy v4)',
    ]);
  });

  it("denies when nobody asks, or when a subject names two principals or none", () => {
    const grants = new Grants();
    grants.put(grant({ userId: "alice" }));
    const nobodies = [null, user("alice", { service: "nightly" }), user("alice", { userId: null })];
    for (const nobody of nobodies) {
      const { allowed, code, cause, message } = ask(grants, nobody);
      expect({ allowed, code, cause }).toEqual({ allowed: false, code: "IDENTITY_MISSING", cause: "no-identity" });
      expect(message).toBe("Tools are not available without signing in; answer without them.");
    }
  });

  it("expires at the very millisecond, and at a time that is no number", () => {
    const grants = new Grants();
    grants.put(grant({ userId: "alice", expiry: NOW + 1 }));
    const at = (now: number) =>
      decide(grants, { subject: user("alice"), toolName: "refund", required: "write", now }).allowed;
    expect([at(NOW), at(NOW + 1), at(Number.NaN)]).toEqual([true, false, false]);
  });

  it("keeps tenants, users and services of one name apart", () => {
    const grants = new Grants();
    grants.put(grant({ userId: "x", tenantId: "acme" }));
    grants.put(grant({ service: "y" }));
    const names = [
      user("x", { tenantId: "acme" }),
      user("x"),
      user("x", { tenantId: "globex" }),
      service("x", { tenantId: "acme" }),
      service("y"),
      user("y"),
      user("x", { tenantId: "null" }),
    ];
    expect(names.map((name) => ask(grants, name).allowed)).toEqual([true, false, false, false, true, false, false]);
    expect(ask(grants, user("x", { tenantId: "globex" })).reason).toBe(
      'no grant of "refund" for user "x" of tenant "globex" (default deny, policy v3)',
    );
  });

  it("asks both of a service and the user it acts for", () => {
    const grants = new Grants();
    grants.put(grant({ id: "s", service: "nightly" }));
    grants.put(grant({ id: "a", userId: "alice", permissionLevel: "read" }));
    const forAlice = service("nightly", { onBehalfOf: user("alice") });
    expect(ask(grants, forAlice, "read")).toMatchObject({
      allowed: true,
      grantIds: ["s", "a"],
      reason:
        'grant s of "refund" for service "nightly", and grant a of "refund" for user "alice", for whom service "nightly" acts (policy v3)',
    });
    expect(ask(grants, forAlice, "write")).toMatchObject({ allowed: false, cause: "level", grantIds: ["s", "a"] });
    expect(ask(grants, forAlice, "admin")).toMatchObject({ allowed: false, cause: "level", grantIds: ["s"] });
    expect(ask(grants, service("other", { onBehalfOf: user("alice") }), "read").reason).toBe(
      'no grant of "refund" for service "other" (default deny, policy v3)',
    );
    expect(ask(grants, service("nightly", { onBehalfOf: user("bob") }), "read").reason).toBe(
      'no grant of "refund" for user "bob", for whom service "nightly" acts (default deny, policy v3)',
    );
  });

  it("refuses a chain that does not end", () => {
    const grants = new Grants();
    grants.put(grant({ userId: "alice" }));
    const ring = { ...user("alice") } as { -readonly [K in keyof Subject]: Subject[K] };
    ring.onBehalfOf = ring;
    expect(ask(grants, ring)).toMatchObject({ allowed: false, code: "IDENTITY_MISSING" });
  });

  it("writes names as JSON, so that none forges a line of a log", () => {
    const { reason } = ask(new Grants(), user('bob"\nrefund allowed\u001b[2J'), "write", "a\nb");
    expect(reason).toBe('no grant of "a\\nb" for user "bob\\"\\nrefund allowed\\u001b[2J" (default deny, policy v1)');
  });
});

interface Change {
  readonly kind: "grant" | "revoke";
  readonly who: Who;
  readonly tool: string;
  readonly level: PermissionLevel;
  readonly expiry: number | null;
}
interface Who {
  readonly kind: "userId" | "service";
  readonly id: string;
  readonly tenantId: string | null;
}

// Names that objects answer to are among them, and so few others that they meet often.
const names = fc.constantFrom("a", "b", "__proto__", "constructor", "toString");
const whoArb: fc.Arbitrary<Who> = fc.record({
  kind: fc.constantFrom("userId" as const, "service" as const),
  id: names,
  tenantId: fc.constantFrom(null, "t", "__proto__"),
});
const changeArb: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("grant" as const, "grant" as const, "revoke" as const),
  who: whoArb,
  tool: names,
  level: fc.constantFrom(...PERMISSION_LEVELS),
  expiry: fc.constantFrom(null, NOW - 1, NOW, NOW + 1),
});
const subjectOf = ({ kind, id, tenantId }: Who, onBehalfOf: Subject | null = null): Subject => ({
  userId: null,
  service: null,
  [kind]: id,
  tenantId,
  onBehalfOf,
});

/** The rule itself, over a plain list of everything that ever happened: the last word about a principal and a tool. */
function oracle(changes: readonly Change[], chain: readonly Who[], tool: string, required: RequiredLevel): boolean {
  return chain.every((who) => {
    let last: Change | null = null;
    for (const change of changes)
      if (
        change.tool === tool &&
        change.who.kind === who.kind &&
        change.who.id === who.id &&
        change.who.tenantId === who.tenantId
      )
        last = change;
    if (last === null || last.kind === "revoke") return false;
    if (last.expiry !== null && last.expiry <= NOW) return false;
    const rank = { none: 0, read: 1, write: 2, execute: 3, admin: 4 };
    return rank[last.level] >= rank[required];
  });
}

function apply(grants: Grants, change: Change): void {
  const subject = subjectOf(change.who);
  const { userId, service: name, tenantId } = subject;
  if (change.kind === "revoke") grants.remove(subject, change.tool);
  else
    grants.put(
      grant({
        userId,
        service: name,
        tenantId,
        toolName: change.tool,
        permissionLevel: change.level,
        expiry: change.expiry,
      }),
    );
}

describe("decide, against a list of everything that happened", () => {
  const run = fc.record({
    changes: fc.array(changeArb, { maxLength: 30 }),
    who: whoArb,
    behalf: fc.option(whoArb),
    tool: names,
    required: fc.constantFrom(...REQUIRED_LEVELS),
  });

  it("answers as the list does", () => {
    let allowed = 0;
    fc.assert(
      fc.property(run, ({ changes, who, behalf, tool, required }) => {
        const grants = new Grants();
        for (const change of changes) apply(grants, change);
        // Also asked about what was granted last: a random question alone is nearly always denied.
        const target = changes.findLast((change) => change.kind === "grant");
        const questions: [Who, string][] = [
          [who, tool],
          ...(target === undefined ? [] : [[target.who, target.tool] as [Who, string]]),
        ];
        for (const [asker, name] of questions)
          for (const owner of [null, behalf]) {
            const chain = owner === null ? [asker] : [asker, owner];
            const subject = subjectOf(asker, owner === null ? null : subjectOf(owner));
            const answer = decide(grants, { subject, toolName: name, required, now: NOW });
            expect(answer.allowed).toBe(oracle(changes, chain, name, required));
            expect(denialFor(grants, { subject, toolName: name, required, now: NOW })).toEqual(
              answer.allowed ? null : answer,
            );
            if (answer.allowed) allowed++;
          }
      }),
      { numRuns: 2_000 },
    );
    expect(allowed).toBeGreaterThan(100);
  });

  it("is not changed by asking, by purging, or by what is granted to others", () => {
    fc.assert(
      fc.property(run, whoArb, ({ changes, who, tool, required }, other) => {
        const grants = new Grants();
        for (const change of changes) apply(grants, change);
        const size = grants.size;
        const before = decide(grants, { subject: subjectOf(who), toolName: tool, required, now: NOW });
        expect(grants.size).toBe(size);
        if (other.kind !== who.kind || other.id !== who.id || other.tenantId !== who.tenantId)
          apply(grants, { kind: "grant", who: other, tool, level: "admin", expiry: null });
        grants.purge(NOW);
        const after = decide(grants, { subject: subjectOf(who), toolName: tool, required, now: NOW });
        expect(after.allowed).toBe(before.allowed);
      }),
      { numRuns: 500 },
    );
  });
});
