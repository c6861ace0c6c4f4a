import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChainCheck } from "./chain.js";
import { CLASSES, digest, GENESIS, MAX_TEXT } from "./entry.js";
import type { AuditClass, AuditInput, AuditLogEntry, AuditQuery } from "./keys.js";
import { parseQuery, type ParsedQuery } from "./query.js";
import { AuditTrail } from "./trail.js";

const all = <T>(value: T): Record<AuditClass, T> => ({ denial: value, change: value, access: value, run: value });
const makeTrail = (capacity = 100, age: number | null = null): AuditTrail =>
  new AuditTrail({ capacity: all(capacity), maxAgeMs: all(age) });
const parsed = (query: AuditQuery): ParsedQuery => {
  const found = parseQuery(query);
  if (!found.success) throw found.error;
  return found.data;
};
const everything = (trail: AuditTrail, now = 1_000_000): readonly AuditLogEntry[] =>
  trail.query(parsed({ since: 0, limit: 10_000 }), now).entries;

const id = fc.constantFrom("alice", "bob", "carol");
const input: fc.Arbitrary<AuditInput> = fc.record(
  {
    event: fc.constantFrom("tool.allowed", "tool.denied", "acme.export"),
    class: fc.constantFrom(...CLASSES),
    decision: fc.constantFrom("allowed" as const, "denied" as const, null),
    userId: fc.option(id),
    tenantId: fc.option(fc.constantFrom("acme", "other")),
    onBehalfOf: fc.option(fc.record({ userId: fc.option(id), tenantId: fc.constant(null) })),
    tool: fc.option(fc.constantFrom("search", "refund")),
    code: fc.option(fc.string()),
    reason: fc.option(fc.string({ unit: "grapheme" })),
    policyVersion: fc.option(fc.nat()),
    details: fc.option(
      fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))),
    ),
  },
  { requiredKeys: ["event", "class"] },
);

describe("the chain", () => {
  const chainOf = (of: AuditClass, entries: readonly AuditLogEntry[], head: string): readonly string[] => {
    const check = new ChainCheck(of, GENESIS);
    for (const entry of entries) check.add({ entry, place: null });
    check.end(head);
    return check.problems.map(({ problem }) => problem);
  };
  const changedField = (entry: AuditLogEntry, key: keyof AuditLogEntry): AuditLogEntry => {
    const value = entry[key];
    const other =
      typeof value === "number"
        ? value + 1
        : typeof value === "string"
          ? `${value}x`
          : value === null
            ? "x"
            : { ...value, extra: 1, userId: "mallory" };
    return { ...entry, [key]: other } as AuditLogEntry;
  };

  it("shows any single change: a field, a missing entry, two swapped, one doubled, a cut end", () => {
    const kinds = fc.constantFrom("field", "missing", "swap", "double", "cut", "resealed");
    fc.assert(
      fc.property(
        fc.array(fc.record({ ...{ at: fc.nat() } }), { minLength: 2, maxLength: 20 }),
        input,
        kinds,
        fc.nat(),
        fc.nat(),
        (times, given, kind, where, which) => {
          const trail = makeTrail();
          const entries = times.map(({ at }) => trail.append(given, at));
          const head = trail.headOf(given.class);
          expect(chainOf(given.class, entries, head)).toEqual([]);
          const at = where % (kind === "swap" ? entries.length - 1 : entries.length);
          const list = [...entries];
          const one = list[at] as AuditLogEntry;
          const fields = Object.keys(one) as (keyof AuditLogEntry)[];
          if (kind === "field") list[at] = changedField(one, fields[which % fields.length] as keyof AuditLogEntry);
          else if (kind === "missing") list.splice(at, 1);
          else if (kind === "swap") [list[at], list[at + 1]] = [list[at + 1] as AuditLogEntry, one];
          else if (kind === "double") list.splice(at, 0, one);
          else if (kind === "cut") list.splice(-1 - (which % list.length));
          else {
            // Whoever changes an entry and gives it the hash it should have breaks the next one, or the end.
            const changed = changedField(one, "event");
            list[at] = { ...changed, hash: digest(changed) };
          }
          expect(list.length === 0 ? ["cut"] : chainOf(given.class, list, head)).not.toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("gives entries of different contents different texts", () => {
    const trail = makeTrail();
    const hashes = [
      { details: { a: "1" } },
      { details: { a: 1 } },
      { details: { a: null } },
      { details: {} },
      { details: null },
      { onBehalfOf: { userId: "a", tenantId: null } },
      { onBehalfOf: { userId: null, tenantId: "a" } },
      { tool: "a", method: null },
      { tool: null, method: "a" },
    ].map((fields) => {
      const entry = trail.append({ event: "a.b", class: "run", ...fields }, 0);
      return digest({ ...entry, seq: 1, previousHash: GENESIS });
    });
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("does not mind in which order details were written", () => {
    const [a, b] = [
      { x: 1, y: 2 },
      { y: 2, x: 1 },
    ].map((details) => makeTrail().append({ event: "a.b", class: "run", details }, 0).hash);
    expect(a).toBe(b);
  });
});

describe("AuditTrail", () => {
  it("answers as a list that is filtered, page by page", () => {
    const query = fc.record(
      {
        userId: id,
        tenantId: fc.constantFrom("acme", "other", null),
        tool: fc.constantFrom("search", "refund"),
        class: fc.constantFrom(...CLASSES),
        decision: fc.constantFrom("allowed" as const, "denied" as const),
        since: fc.nat({ max: 60 }),
        until: fc.nat({ max: 60 }),
        limit: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.array(input, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        query,
        (inputs, capacity, asked) => {
          const trail = makeTrail(capacity);
          const entries = inputs.map((one, at) => trail.append(one, at));
          const kept = entries.filter(
            (entry) =>
              entries.filter((other) => other.class === entry.class && other.seq > entry.seq).length < capacity,
          );
          const wanted = kept.toReversed().filter((entry) => {
            const parties = [entry, ...(entry.onBehalfOf === null ? [] : [entry.onBehalfOf])];
            const who = asked.userId === undefined ? parties.slice(0, 1) : parties;
            return (
              who.some(
                (party) =>
                  (asked.userId === undefined || party.userId === asked.userId) &&
                  (asked.tenantId === undefined || party.tenantId === asked.tenantId),
              ) &&
              (asked.tool === undefined || entry.tool === asked.tool) &&
              (asked.class === undefined || entry.class === asked.class) &&
              (asked.decision === undefined || entry.decision === asked.decision) &&
              entry.at >= (asked.since ?? 0) &&
              entry.at < (asked.until ?? 1_000)
            );
          });
          const found: AuditLogEntry[] = [];
          let cursor: string | undefined;
          do {
            const page = trail.query(parsed({ ...asked, cursor }), 1_000);
            expect(page.entries.length).toBeLessThanOrEqual(asked.limit ?? 100);
            found.push(...page.entries);
            cursor = page.next ?? undefined;
          } while (cursor !== undefined);
          expect(found).toEqual(wanted);
          expect(trail.verify()).toEqual({ ok: true, checked: kept.length, problems: [] });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps denials whatever the noise", () => {
    const trail = makeTrail(10);
    trail.append({ event: "tool.denied", class: "denial", userId: "mallory" }, 0);
    for (let at = 0; at < 1_000; at++) trail.append({ event: "tool.allowed", class: "access" }, at);
    expect(everything(trail).filter((entry) => entry.class === "denial")).toHaveLength(1);
    expect(trail.stats().dropped).toEqual({ denial: 0, change: 0, access: 990, run: 0 });
  });

  it("lets go of entries by age, to the millisecond, and stays whole", () => {
    const trail = makeTrail(10, 100);
    trail.append({ event: "a.b", class: "run" }, 0);
    trail.append({ event: "a.b", class: "run" }, 50);
    expect(everything(trail, 99)).toHaveLength(2);
    expect(everything(trail, 100)).toHaveLength(1);
    expect(trail.stats().dropped.run).toBe(1);
    expect(trail.verify().ok).toBe(true);
  });

  it("cuts and counts long text, and keeps what it is given apart from the giver", () => {
    const trail = makeTrail();
    const details = { note: "x".repeat(5_000) };
    const entry = trail.append({ event: "a.b", class: "run", reason: "y".repeat(MAX_TEXT + 1), details }, 0);
    details.note = "changed";
    expect(entry.reason).toHaveLength(MAX_TEXT);
    expect(entry.reason?.endsWith("…")).toBe(true);
    expect(entry.details?.["note"]).toHaveLength(MAX_TEXT);
    expect(trail.stats().cut).toBe(2);
    expect(() => ((entry as { reason: string }).reason = "z")).toThrow(TypeError);
  });

  it("takes keys of data for data", () => {
    const details = JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, number>;
    const entry = makeTrail().append({ event: "a.b", class: "run", details }, 0);
    expect(Object.entries(entry.details ?? {})).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });
});
