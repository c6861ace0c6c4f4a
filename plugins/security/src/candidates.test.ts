import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantsInForce } from "./candidates.js";
import { decide } from "./decide.js";
import { Grants, type ToolPermission } from "./grants.js";
import { PERMISSION_LEVELS, REQUIRED_LEVELS } from "./levels.js";
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
const subject = (part: Partial<Subject>): Subject => ({
  userId: "u",
  service: null,
  tenantId: null,
  onBehalfOf: null,
  ...part,
});
const ask = (grants: Grants, who: Subject, part: { method?: string | null; isAdmin?: (s: Subject) => boolean } = {}) =>
  decide(grants, { subject: who, toolName: "t", required: "write", now: NOW, ...part });

describe("decide, with methods and times", () => {
  it("takes no list for all methods, an empty one for none, and denies what it cannot tell", () => {
    const grants = new Grants();
    const answers = ([null, [], ["read", "list"]] as const).map((allowedMethods) => {
      grants.put(grant({ id: "g", userId: "u", allowedMethods }));
      return [null, "read", "Read", "read "].map((method) => ask(grants, subject({}), { method }).cause);
    });
    expect(answers).toEqual([
      [null, null, null, null],
      ["method-unknown", "method", "method", "method"],
      ["method-unknown", null, "method", "method"],
    ]);
    expect(ask(grants, subject({}), { method: "drop" }).reason).toBe(
      'grant g of "t" for user "u" allows the methods "read", "list" only, not "drop" (policy v4)',
    );
    expect(ask(grants, subject({})).reason).toContain("nobody can tell which one this call is");
  });

  it("allows from the first millisecond to the last, and at no time that is no number", () => {
    const grants = new Grants();
    grants.put(grant({ id: "g", userId: "u", notBefore: NOW, expiry: NOW + 2 }));
    const at = (now: number) => decide(grants, { subject: subject({}), toolName: "t", required: "write", now });
    expect([NOW - 1, NOW, NOW + 1, NOW + 2, Number.NaN].map((now) => at(now).cause)).toEqual([
      "not-yet",
      null,
      null,
      "expired",
      "expired",
    ]);
    expect(at(NOW - 1).reason).toBe('grant g of "t" for user "u" begins at 1970-01-01T00:00:01.000Z (policy v2)');
  });
});

describe("decide, with roles", () => {
  it("asks the roles of the principal, in its tenant and in all", () => {
    const grants = new Grants();
    grants.put(grant({ id: "acme", role: "support", tenantId: "acme" }));
    grants.put(grant({ id: "any", role: "reader", anyTenant: true }));
    const table: [Partial<Subject>, string | null][] = [
      [{ tenantId: "acme", roles: ["support"] }, "acme"],
      [{ tenantId: "acme", roles: ["other", "support"] }, "acme"],
      [{ tenantId: "globex", roles: ["support"] }, null],
      [{ roles: ["support"] }, null],
      [{ tenantId: "globex", roles: ["reader"] }, "any"],
      [{ roles: ["reader"] }, "any"],
      [{ tenantId: "acme", roles: [] }, null],
      [{ tenantId: "acme" }, null],
      // Being called like a role is not having it.
      [{ userId: "reader" }, null],
      [{ roles: ["__proto__", "constructor"] }, null],
    ];
    for (const [who, id] of table) {
      const answer = ask(grants, subject(who));
      expect([answer.allowed, answer.grantIds]).toEqual([id !== null, id === null ? [] : [id]]);
    }
    expect(ask(grants, subject({ tenantId: "acme", roles: ["support"] })).reason).toBe(
      'grant acme of "t" for role "support" of tenant "acme", a role of user "u" of tenant "acme" (policy v3)',
    );
  });

  it("allows by one grant that is enough, does not add up two that are not, and lets none refuse", () => {
    const grants = new Grants();
    const who = subject({ roles: ["a", "b"] });
    grants.put(grant({ role: "a", allowedMethods: ["read"] }));
    grants.put(grant({ role: "b", permissionLevel: "read" }));
    expect(ask(grants, who, { method: "write" })).toMatchObject({ allowed: false, cause: "method" });
    expect(ask(grants, who, { method: "read" }).allowed).toBe(true);
    grants.put(grant({ id: "no", userId: "u", permissionLevel: "none" }));
    expect(ask(grants, who, { method: "read" })).toMatchObject({ allowed: false, cause: "level", grantIds: ["no"] });
    grants.put(grant({ userId: "u", permissionLevel: "none", expiry: NOW }));
    expect(ask(grants, who, { method: "read" }).allowed).toBe(true);
    grants.put(grant({ role: "b", permissionLevel: "none" }));
    expect(ask(grants, who, { method: "read" })).toMatchObject({ allowed: false, cause: "level" });
    grants.put(grant({ userId: "u" }));
    expect(ask(grants, who, { method: "read" })).toMatchObject({ allowed: false, cause: "level" });
  });

  it("asks a role's grant of the tenant and the one of every tenant: either is enough, and none of either refuses", () => {
    const grants = new Grants();
    const who = subject({ tenantId: "acme", roles: ["r"] });
    grants.put(grant({ id: "here", role: "r", tenantId: "acme", expiry: NOW }));
    grants.put(grant({ id: "any", role: "r", anyTenant: true }));
    expect(ask(grants, who)).toMatchObject({ allowed: true, grantIds: ["any"] });
    grants.put(grant({ id: "here", role: "r", tenantId: "acme", permissionLevel: "read" }));
    expect(ask(grants, who)).toMatchObject({ allowed: true, grantIds: ["any"] });
    grants.put(grant({ id: "here", role: "r", tenantId: "acme" }));
    grants.put(grant({ id: "no", role: "r", anyTenant: true, permissionLevel: "none" }));
    expect(ask(grants, who)).toMatchObject({ allowed: false, cause: "level", grantIds: ["no"] });
  });

  it("refuses an administrator by a grant of none in its time, their own or of a role of theirs", () => {
    const grants = new Grants();
    const isAdmin = () => true;
    const root = subject({ roles: ["root"] });
    const refused = { allowed: false, cause: "level" };
    grants.put(grant({ userId: "u", permissionLevel: "none" }));
    expect(ask(grants, root, { isAdmin })).toMatchObject(refused);
    expect(ask(grants, subject({}), { isAdmin })).toMatchObject(refused);
    grants.put(grant({ userId: "u", permissionLevel: "none", expiry: NOW }));
    expect(ask(grants, root, { isAdmin }).allowed).toBe(true);
    grants.put(grant({ role: "root", anyTenant: true, permissionLevel: "none" }));
    expect(ask(grants, root, { isAdmin })).toMatchObject(refused);
  });

  it("lets an administrator do what nobody granted, alone and not for others", () => {
    const grants = new Grants();
    const isAdmin = ({ roles }: Subject) => roles?.includes("root") === true;
    const root = subject({ userId: "root", roles: ["root"] });
    expect(ask(grants, root, { isAdmin })).toMatchObject({
      allowed: true,
      grantIds: [],
      reason: 'user "root" is an administrator (policy v1)',
    });
    expect(ask(grants, { ...root, onBehalfOf: subject({}) }, { isAdmin })).toMatchObject({
      allowed: false,
      cause: "no-grant",
    });
    expect(ask(grants, subject({}), { isAdmin }).allowed).toBe(false);
    expect(ask(grants, subject({ roles: ["root"] })).allowed).toBe(false);
  });

  it("holds a call to the limits of the own grant, else of all roles that allow it", () => {
    const grants = new Grants();
    const limit = (n: number) => [{ limit: n, windowMs: 1_000 }];
    const who = subject({ roles: ["a", "b", "c"] });
    const used = (isAdmin?: () => boolean) =>
      grantsInForce(grants, who, { subject: who, toolName: "t", required: "write", now: NOW, isAdmin }).map(
        ({ rateLimit }) => rateLimit[0]?.limit,
      );
    grants.put(grant({ role: "a", rateLimit: limit(1) }));
    grants.put(grant({ role: "b", rateLimit: limit(2) }));
    grants.put(grant({ role: "c", rateLimit: limit(3), permissionLevel: "read" }));
    expect(used()).toEqual([1, 2]);
    expect(used(() => true)).toEqual([1, 2, 3]);
    grants.put(grant({ userId: "u", rateLimit: limit(9) }));
    expect(used()).toEqual([9]);
  });
});

interface Who {
  readonly kind: "userId" | "service" | "role";
  readonly id: string;
  readonly tenantId: string | null;
  readonly anyTenant: boolean;
}
const names = fc.constantFrom("a", "b", "__proto__");
const tenants = fc.constantFrom(null, "t");
const methods = fc.constantFrom(null, "m", "n");
const whoArb: fc.Arbitrary<Who> = fc
  .record({
    kind: fc.constantFrom("userId" as const, "service" as const, "role" as const, "role" as const),
    id: names,
    tenantId: tenants,
    anyTenant: fc.boolean(),
  })
  .map((who) => {
    const anyTenant = who.kind === "role" && who.anyTenant;
    return { ...who, anyTenant, tenantId: anyTenant ? null : who.tenantId };
  });
const changeArb = fc.record({
  who: whoArb,
  revoke: fc.nat(3).map((n) => n === 0),
  permissionLevel: fc.constantFrom(...PERMISSION_LEVELS),
  allowedMethods: fc.constantFrom(null, null, [], ["m"], ["m", "n"]),
  notBefore: fc.constantFrom(null, null, NOW, NOW + 1),
  expiry: fc.constantFrom(null, null, NOW, NOW + 1),
});
type Change = typeof changeArb extends fc.Arbitrary<infer T> ? T : never;
const askerArb: fc.Arbitrary<Asker> = fc.record({
  kind: fc.constantFrom("userId" as const, "service" as const),
  id: names,
  tenantId: tenants,
  roles: fc.array(names, { maxLength: 3 }),
});
interface Asker {
  readonly kind: "userId" | "service";
  readonly id: string;
  readonly tenantId: string | null;
  readonly roles: readonly string[];
}
const questionArb = fc.record({
  chain: fc.array(askerArb, { minLength: 1, maxLength: 3 }),
  method: methods,
  required: fc.constantFrom(...REQUIRED_LEVELS),
});

const same = (a: Who, b: Who): boolean =>
  a.kind === b.kind && a.id === b.id && a.tenantId === b.tenantId && a.anyTenant === b.anyTenant;

/** The rule itself, over a plain list: the last word about each holder; then each principal of the chain by itself. */
function oracle(
  changes: readonly Change[],
  { chain, method, required }: { chain: readonly Asker[]; method: string | null; required: string },
): boolean {
  const rank = ["none", "read", "write", "execute", "admin"];
  const last = (who: Who) => changes.findLast((change) => same(change.who, who));
  const standing = (who: Who) => {
    const change = last(who);
    return change === undefined || change.revoke ? null : change;
  };
  return chain.every((asker) => {
    const holders = [
      standing({ kind: asker.kind, id: asker.id, tenantId: asker.tenantId, anyTenant: false }),
      ...asker.roles.flatMap((role) => [
        standing({ kind: "role", id: role, tenantId: asker.tenantId, anyTenant: false }),
        standing({ kind: "role", id: role, tenantId: null, anyTenant: true }),
      ]),
    ].filter((change) => change !== null);
    const inTime = holders.filter(
      ({ notBefore, expiry }) => (notBefore === null || notBefore <= NOW) && (expiry === null || NOW < expiry),
    );
    if (inTime.some(({ permissionLevel }) => permissionLevel === "none")) return false;
    return inTime.some(
      ({ permissionLevel, allowedMethods }) =>
        rank.indexOf(permissionLevel) >= rank.indexOf(required) &&
        (allowedMethods === null || (method !== null && allowedMethods.some((one) => one === method))),
    );
  });
}

describe("decide, against a list of everything that happened to users, services and roles", () => {
  it("answers as the list does", () => {
    let allowed = 0;
    fc.assert(
      fc.property(fc.array(changeArb, { minLength: 1, maxLength: 25 }), questionArb, (changes, question) => {
        const grants = new Grants();
        for (const { who, revoke, permissionLevel, allowedMethods, notBefore, expiry } of changes) {
          const holder = {
            userId: null,
            service: null,
            role: null,
            [who.kind]: who.id,
            tenantId: who.tenantId,
            anyTenant: who.anyTenant,
          };
          if (revoke) grants.remove(holder, "t");
          else grants.put(grant({ ...holder, permissionLevel, allowedMethods, notBefore, expiry }));
        }
        // Also asked by whoever holds something: a random question alone is nearly always denied.
        const holders = changes.map(({ who }) => ({
          kind: who.kind === "role" ? ("userId" as const) : who.kind,
          id: who.id,
          tenantId: who.tenantId,
          roles: who.kind === "role" ? [who.id] : [],
        }));
        for (const chain of [question.chain, ...holders.map((one) => [one])]) {
          const asked = chain.reduceRight<Subject | null>(
            (onBehalfOf, { kind, id, tenantId, roles }) =>
              subject({ userId: null, [kind]: id, tenantId, roles, onBehalfOf }),
            null,
          );
          const { method, required } = question;
          const answer = decide(grants, { subject: asked, toolName: "t", method, required, now: NOW });
          expect(answer.allowed).toBe(oracle(changes, { chain, method, required }));
          if (answer.allowed) allowed++;
        }
      }),
      { numRuns: 3_000 },
    );
    expect(allowed).toBeGreaterThan(1_000);
  });

  it("is the same in any order of grants and roles, and never allows more for a grant of none", () => {
    const puts = fc.uniqueArray(changeArb, { maxLength: 8, comparator: (a, b) => same(a.who, b.who) });
    fc.assert(
      fc.property(puts, questionArb, fc.infiniteStream(fc.nat()), (changes, question, random) => {
        const build = (list: readonly Change[]) => {
          const grants = new Grants();
          for (const { who, revoke: _r, ...terms } of list)
            grants.put(
              grant({
                userId: null,
                [who.kind]: who.id,
                tenantId: who.tenantId,
                anyTenant: who.anyTenant,
                ...terms,
              }),
            );
          return grants;
        };
        const asked = (turn: boolean): Subject => {
          const [{ kind, id, tenantId, roles }] = question.chain as [Asker];
          return subject({ userId: null, [kind]: id, tenantId, roles: turn ? roles.toReversed() : roles });
        };
        const { method, required } = question;
        const answer = (grants: Grants, turn: boolean): boolean =>
          decide(grants, { subject: asked(turn), toolName: "t", method, required, now: NOW }).allowed;
        const shuffled = changes
          .map((change) => ({ change, at: random.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ change }) => change);
        const before = answer(build(changes), false);
        expect(answer(build(shuffled), true)).toBe(before);
        const forbidden = build(changes);
        forbidden.put(grant({ role: "a", anyTenant: true, permissionLevel: "none" }));
        if (!before || question.chain[0]?.roles.includes("a") === true) expect(answer(forbidden, false)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
