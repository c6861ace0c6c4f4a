import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeClock } from "../fixtures/fake-clock.js";
import { bubbleUp, recordingLogger, tapped } from "../fixtures/kernel.js";
import { defineHook } from "../hook.js";
import { allow, deny, escalate, transform } from "../verdict.js";
import type { Judgement } from "./guard.js";

const guard = defineHook.guard<number, unknown>("acme.door.open");
const editing = defineHook.guard<string, unknown>("acme.text.input", { transform: true });
const boom = (): never => {
  throw new Error("secret detail");
};

describe("guard", () => {
  it("allows with one shared frozen constant, and without a promise, when nobody objects", () => {
    const first = tapped(guard, [() => undefined, () => undefined]).call(guard, 1);
    expect(first).toEqual({ effect: "allow", changed: false });
    expect(Object.isFrozen(first)).toBe(true);
    expect(tapped(guard, []).call(guard, 1)).toBe(first);
    expect(tapped(guard, [() => allow()]).call(guard, 1)).toBe(first);
  });

  it("asks everybody until one denies, and says who it was", async () => {
    const asked: string[] = [];
    const kernel = tapped(guard, [
      () => (asked.push("a"), allow()),
      async () => (asked.push("b"), deny("CLOSED", "It is closed.", { reason: "night", until: 6 })),
      () => void asked.push("c"),
    ]);
    expect(await kernel.call(guard, 1)).toEqual({
      effect: "deny",
      code: "CLOSED",
      message: "It is closed.",
      reason: "night",
      plugin: "b",
      hook: guard.name,
      details: { reason: "night", until: 6 },
    });
    expect(asked).toEqual(["a", "b"]);
  });

  it("merges escalations, with who asked", async () => {
    const kernel = tapped(guard, [
      () => escalate({ reason: "big" }),
      async () => undefined,
      async () => escalate({ reason: "rare" }),
    ]);
    expect(await kernel.call(guard, 1)).toEqual({
      effect: "escalate",
      changed: false,
      requests: [
        { plugin: "a", request: { reason: "big" } },
        { plugin: "c", request: { reason: "rare" } },
      ],
    });
  });

  it("combines independently of order: deny beats escalate beats allow", async () => {
    const verdicts = { none: undefined, allow: allow(), escalate: escalate({ reason: "r" }), deny: deny("NO", "no") };
    const rank = (effects: readonly string[]) =>
      effects.includes("deny") ? "deny" : effects.includes("escalate") ? "escalate" : "allow";
    const tap = fc.record({ effect: fc.constantFrom("none", "allow", "escalate", "deny"), late: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(tap, { maxLength: 8 }), async (taps) => {
        const kernel = tapped(
          guard,
          taps.map(({ effect, late }) => () => {
            const verdict = verdicts[effect as keyof typeof verdicts];
            return late ? Promise.resolve(verdict) : verdict;
          }),
        );
        const judgement = await kernel.call(guard, 1);
        const effects = taps.map(({ effect }) => effect);
        const escalations = effects.filter((effect) => effect === "escalate");
        expect([judgement.effect, judgement.effect === "escalate" ? judgement.requests.length : 0]).toEqual([
          rank(effects),
          rank(effects) === "escalate" ? escalations.length : 0,
        ]);
      }),
    );
  });

  it("feeds a transformed value to later guards, and gives it back", async () => {
    const seen: string[] = [];
    const kernel = tapped(editing, [
      (t) => (seen.push(t), transform(`${t}a`)),
      async (t) => (seen.push(t), transform(`${t}b`)),
      (t) => void seen.push(t),
    ]);
    expect(await kernel.call(editing, "-")).toEqual({ effect: "allow", changed: true, value: "-ab" });
    expect(seen).toEqual(["-", "-a", "-ab"]);
    expect(
      await tapped(editing, [() => transform("x"), () => escalate({ reason: "r" })]).call(editing, "-"),
    ).toMatchObject({ effect: "escalate", changed: true, value: "x" });
    expect(await tapped(editing, [() => transform("x"), () => deny("NO", "no")]).call(editing, "-")).toEqual({
      effect: "deny",
      code: "NO",
      message: "no",
      plugin: "b",
      hook: editing.name,
    });
  });

  it("denies when a guard throws: a message without the cause for the model, the cause for the developer", async () => {
    const logger = recordingLogger();
    const kernel = tapped(guard, [boom], { logger });
    const denial = kernel.call(guard, 1) as Extract<Judgement<number>, { effect: "deny" }>;
    expect(denial).toMatchObject({
      effect: "deny",
      code: "GUARD_FAILED",
      plugin: "a",
      hook: guard.name,
      cause: { code: "TAP_FAILED", cause: new Error("secret detail") },
    });
    expect(denial.message).not.toContain("secret");
    expect(await tapped(guard, [async () => boom()]).call(guard, 1)).toMatchObject({
      effect: "deny",
      code: "GUARD_FAILED",
    });
    expect(kernel.inspect().faults.total).toBe(1);
    expect(logger.lines.map(({ level, fields }) => [level, fields["plugin"]])).toEqual([["warn", "a"]]);
  });

  it("is never switched off, however often it fails", () => {
    const kernel = tapped(guard, [boom]);
    for (let i = 0; i < 50; i++) expect(kernel.call(guard, i)).toMatchObject({ effect: "deny", code: "GUARD_FAILED" });
  });

  it("denies when a guard hangs", async () => {
    const clock = fakeClock();
    const judged = tapped(guard, [() => new Promise(() => undefined)], { clock }).call(guard, 1);
    await clock.advance(2_000);
    expect(await judged).toMatchObject({
      effect: "deny",
      code: "GUARD_TIMEOUT",
      plugin: "a",
      cause: { code: "HOOK_TIMEOUT" },
    });
  });

  it.each([
    ["true", true],
    ["a text", "deny"],
    ["an unknown effect", { effect: "maybe" }],
    ["a deny without code", { effect: "deny" }],
    ["an escalation without request", { effect: "escalate" }],
    ["null", null],
    ["a transform", transform(2)],
  ])("denies when a guard answers %s", async (_, answer) => {
    const expected = { effect: "deny", code: "GUARD_FAILED", cause: { code: "HOOK_RESULT_INVALID", plugin: "a" } };
    expect(tapped(guard, [() => answer]).call(guard, 1)).toMatchObject(expected);
    expect(await tapped(guard, [async () => answer]).call(guard, 1)).toMatchObject(expected);
  });

  it("throws instead of denying when its fault is throw", () => {
    const strict = defineHook.guard<number>("acme.door.strict", { fault: "throw" });
    expect(() => tapped(strict, [boom]).call(strict, 1)).toThrow(
      expect.objectContaining({ code: "TAP_FAILED", plugin: "a" }),
    );
  });

  it("passes control flow and aborts", async () => {
    const error = bubbleUp();
    const kernel = tapped(guard, [
      () => {
        throw error;
      },
    ]);
    expect(() => kernel.call(guard, 1)).toThrow(error);
    await expect(
      tapped(guard, [
        async () => {
          throw error;
        },
      ]).call(guard, 1),
    ).rejects.toBe(error);
    const signal = AbortSignal.abort();
    await expect(
      tapped(guard, [
        async () => {
          throw signal.reason;
        },
      ]).call(guard, 1, { signal }),
    ).rejects.toBe(signal.reason);
    expect(kernel.inspect().faults.total).toBe(0);
  });
});
