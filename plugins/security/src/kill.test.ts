import { describe, expect, it } from "vitest";
import { KillSwitch, killsOf, type KillTarget, killTarget } from "./kill.js";
import type { Subject } from "./subject.js";

const user = (userId: string, tenantId: string | null = null, onBehalfOf: Subject | null = null): Subject => ({
  userId,
  service: null,
  tenantId,
  onBehalfOf,
});
const service = (name: string, onBehalfOf: Subject | null = null): Subject => ({
  ...user("", null, onBehalfOf),
  userId: null,
  service: name,
});
const kill = (target: KillTarget, source: "call" | "environment" = "call") => ({
  target,
  by: null,
  reason: null,
  at: 0,
  source,
});

describe("KillSwitch", () => {
  it("stops everything, or what it names, whoever acts for whom", () => {
    const kills = new KillSwitch();
    const alice = user("alice", "acme");
    const table: [KillTarget, Subject | null, string | null, boolean][] = [
      ["all", null, null, true],
      ["all", alice, "refund", true],
      ["tool:refund", alice, "refund", true],
      ["tool:refund", alice, "refunds", false],
      ["tool:refund", alice, null, false],
      ["tenant:acme", alice, "refund", true],
      ["tenant:acme", alice, null, true],
      ["tenant:acme", user("acme"), "refund", false],
      ["user:alice", alice, null, true],
      ["user:alice", service("nightly", alice), "x", true],
      ["user:alice", service("alice"), "x", false],
      ["service:nightly", service("nightly", alice), "x", true],
      ["tenant:acme", service("nightly", alice), "x", true],
      ["user:alice", null, "x", false],
    ];
    for (const [target, subject, tool, stopped] of table) {
      kills.set(kill(target));
      expect(kills.stops(subject, tool) !== null, `${target} ${subject?.userId} ${tool}`).toBe(stopped);
      expect(kills.lift(target)).toBe(true);
      expect(kills.stops(subject, tool)).toBeNull();
    }
  });

  it("answers for no name of an object's own, and ends on an endless chain", () => {
    const kills = new KillSwitch();
    kills.set(kill("user:nobody"));
    const ring = { ...user("constructor", "__proto__") } as { -readonly [K in keyof Subject]: Subject[K] };
    ring.onBehalfOf = ring;
    expect(kills.stops(ring, "toString")).toBeNull();
  });

  it("leaves on what is off by the environment", () => {
    const kills = new KillSwitch();
    kills.set(kill("tool:refund", "environment"));
    expect(kills.set({ ...kill("tool:refund"), by: "me" })).toMatchObject({ source: "environment", by: null });
    expect(kills.lift("tool:refund")).toBe(false);
    expect(kills.stops(user("a"), "refund")).not.toBeNull();
    expect(kills.lift("tool:other")).toBe(false);
  });

  it("has a bound, at which all can still be switched off", () => {
    const kills = new KillSwitch();
    for (let i = 0; i < 10_000; i++) kills.set(kill(`user:${i}`));
    expect(() => kills.set(kill("user:one-more"))).toThrow("[KILL_LIMIT_REACHED]");
    kills.set(kill("user:7"));
    kills.lift("user:7");
    kills.set(kill("all"));
    expect(kills.size).toBe(10_000);
  });
});

describe("GRAPHTAP_KILL", () => {
  it("lists what is off", () => {
    expect(killsOf(undefined)).toEqual([]);
    expect(killsOf("  ")).toEqual([]);
    expect(killsOf("all")).toEqual(["all"]);
    expect(killsOf("tool:refund, tenant:acme,user:a b,service:x:y")).toEqual([
      "tool:refund",
      "tenant:acme",
      "user:a b",
      "service:x:y",
    ]);
  });

  it.each(["ALL", "none", "refund", "tool:", "tool", "tool:a,", "all,nothing", "user"])(
    "is refused where it says %s",
    (text) => {
      expect(() => killsOf(text)).toThrow("[KILL_INVALID]");
    },
  );

  it("is refused for what is no text, in calls", () => {
    for (const odd of [null, 7, {}, "", "off"]) expect(() => killTarget(odd)).toThrow("[KILL_INVALID]");
  });
});
