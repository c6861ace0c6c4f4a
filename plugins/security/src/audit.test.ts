import { describe, expect, it } from "vitest";
import type { AuditInput } from "@graphtap/audit/keys";
import { MemoryTrail } from "./audit.js";

describe("MemoryTrail", () => {
  const all = { since: 0 };
  const sorts = {
    "tool.allowed": { class: "access", decision: "allowed" },
    "tool.denied": { class: "denial", decision: "denied" },
    "run.denied": { class: "denial", decision: "denied" },
    "permission.granted": { class: "change", decision: "granted" },
  } as const;
  let now = 1;
  const trailOf = (capacity: number) => new MemoryTrail(capacity, () => now);
  const entry = (event: keyof typeof sorts, at = 1): AuditInput => {
    now = at;
    return { event, ...sorts[event], policyVersion: 1 };
  };

  it("keeps denials and changes whatever number of calls is allowed", () => {
    const trail = trailOf(3);
    trail.append({ ...entry("tool.denied"), code: "PERMISSION_NOT_GRANTED" });
    trail.append(entry("run.denied"));
    trail.append(entry("permission.granted"));
    for (let i = 0; i < 1_000; i++) trail.append(entry("tool.allowed"));
    expect(trail.read(all, 100).map(({ seq, decision }) => [seq, decision])).toEqual([
      [1_003, "allowed"],
      [1_002, "allowed"],
      [1_001, "allowed"],
      [3, "granted"],
      [2, "denied"],
      [1, "denied"],
    ]);
    expect(trail.dropped).toEqual({ denials: 0, allows: 997, changes: 0 });
    expect(trail.read(all, 2)).toHaveLength(2);
    for (let i = 0; i < 5; i++) trail.append(entry("tool.denied"));
    expect(trail.dropped.denials).toBe(4);
  });

  it("filters by what is asked, and finds what was done for a user", () => {
    const trail = trailOf(100);
    trail.append({ ...entry("tool.denied", 10), tool: "refund", userId: "alice", tenantId: "acme" });
    trail.append({ ...entry("tool.allowed", 20), tool: "search", userId: "alice", tenantId: "globex" });
    trail.append({
      ...entry("tool.denied", 30),
      tool: "refund",
      service: "nightly",
      tenantId: "globex",
      onBehalfOf: { userId: "alice", tenantId: "acme" },
    });
    const seqs = (filter: object): number[] => trail.read({ ...all, ...filter }, 100).map(({ seq }) => seq);
    expect(seqs({})).toEqual([3, 2, 1]);
    expect(seqs({ userId: "alice" })).toEqual([3, 2, 1]);
    expect(seqs({ userId: "alice", tenantId: "acme" })).toEqual([3, 1]);
    expect(seqs({ userId: "alice", tenantId: "globex" })).toEqual([2]);
    expect(seqs({ service: "nightly" })).toEqual([3]);
    expect(seqs({ service: "nightly", tenantId: "acme" })).toEqual([]);
    expect(seqs({ tenantId: "globex" })).toEqual([3, 2]);
    expect(seqs({ decision: "allowed" })).toEqual([2]);
    expect(seqs({ tool: "refund", since: 11 })).toEqual([3]);
    expect(seqs({ userId: "" })).toEqual([]);
  });

  it("gives frozen entries without gaps in their form", () => {
    const made = trailOf(1).append(entry("tool.allowed"));
    expect(Object.isFrozen(made)).toBe(true);
    expect(Object.values(made)).not.toContain(undefined);
  });
});
