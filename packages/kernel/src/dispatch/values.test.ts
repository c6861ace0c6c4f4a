import { describe, expect, it } from "vitest";
import { fakeClock } from "../fixtures/fake-clock.js";
import { bubbleUp, tapped } from "../fixtures/kernel.js";
import { defineHook, type AnyHookDef, type HookOptions } from "../hook.js";

const waterfall = (options?: HookOptions) => defineHook.waterfall<string, unknown>("acme.text.edit", options);
const bail = (options?: HookOptions) => defineHook.bail<string, string, unknown>("acme.text.find", options);
const boom = (): never => {
  throw new Error("boom");
};
/** Throws what the compiler would not let one throw by hand. */
const throwing = (value: unknown): never => {
  throw value;
};
const never = () => new Promise(() => undefined);

describe("waterfall", () => {
  it("hands each tap the value of the one before; undefined keeps it; no promise while all are synchronous", () => {
    expect(tapped(waterfall(), [(v) => `${v}a`, () => undefined, (v) => `${v}c`]).call(waterfall(), "-")).toBe("-ac");
  });

  it("waits where a tap is asynchronous", async () => {
    const kernel = tapped(waterfall(), [(v) => `${v}a`, async (v) => `${v}b`, async () => undefined, (v) => `${v}d`]);
    await expect(kernel.call(waterfall(), "-")).resolves.toBe("-abd");
  });

  it("keeps null, false, 0 and the empty text, which are values", () => {
    const any = defineHook.waterfall<unknown>("acme.any.edit");
    for (const value of [null, false, 0, ""]) expect(tapped(any, [() => value]).call(any, "x")).toBe(value);
  });

  it("throws, attributed, by default", async () => {
    expect(() => tapped(waterfall(), [boom]).call(waterfall(), "-")).toThrow(
      expect.objectContaining({ code: "TAP_FAILED", plugin: "a", hook: "acme.text.edit" }),
    );
    await expect(
      tapped(waterfall(), [async (v) => v, async () => boom()]).call(waterfall(), "-"),
    ).rejects.toMatchObject({ code: "TAP_FAILED", plugin: "b" });
  });

  it("keeps the value and goes on when the fault is report", async () => {
    const def = waterfall({ fault: "report" });
    expect(tapped(def, [boom, (v) => `${v}b`]).call(def, "-")).toBe("-b");
    await expect(tapped(def, [async () => boom(), (v) => `${v}b`]).call(def, "-")).resolves.toBe("-b");
  });

  it("throws when the fault is deny, and says so, for whoever fires it to refuse", () => {
    const def = waterfall({ fault: "deny" });
    expect(() => tapped(def, [boom]).call(def, "-")).toThrow(
      expect.objectContaining({ code: "TAP_FAILED", details: { fault: "deny" } }),
    );
  });

  it("takes a refusal for an answer where the fault is deny: thrown as it is, and counted nowhere", async () => {
    class Refusal extends Error {}
    const isRefusal = (error: unknown): boolean => error instanceof Refusal;
    const refuse = (): never => throwing(new Refusal("no"));
    const def = waterfall({ fault: "deny" });
    for (const tap of [refuse, async () => refuse()]) {
      const kernel = tapped(def, [tap], { isRefusal });
      await expect((async () => kernel.call(def, "-"))()).rejects.toThrow(Refusal);
      expect(kernel.inspect().faults).toEqual({ total: 0, recent: [] });
      expect(kernel.inspect().hooks.flatMap(({ taps }) => taps.map(({ faults }) => faults))).toEqual([0]);
    }
    // Whoever may not refuse has failed, and so has whoever throws anything else.
    for (const [fault, tap] of [
      ["throw", refuse],
      ["report", refuse],
      ["deny", boom],
    ] as const) {
      const kernel = tapped(waterfall({ fault }), [tap], { isRefusal });
      await (async () => kernel.call(waterfall({ fault }), "-"))().catch(() => undefined);
      expect(kernel.inspect().faults.total).toBe(1);
    }
  });

  it("gives the value back untouched when nobody taps", () => {
    const value = { deep: true };
    const def = defineHook.waterfall<typeof value>("acme.obj.edit");
    expect(tapped(waterfall(), []).call(def, value)).toBe(value);
  });
});

describe("bail", () => {
  it("takes the first answer and asks nobody after it", async () => {
    const asked: string[] = [];
    const ask = (name: string, answer?: string) => () => (asked.push(name), answer);
    expect(tapped(bail(), [ask("a"), ask("b", "B"), ask("c", "C")]).call(bail(), "x")).toBe("B");
    expect(asked).toEqual(["a", "b"]);
    await expect(
      tapped(bail(), [ask("a"), async () => undefined, async () => "late", boom]).call(bail(), "x"),
    ).resolves.toBe("late");
  });

  it("gives undefined when nobody answers or nobody taps", async () => {
    expect(tapped(bail(), []).call(bail(), "x")).toBeUndefined();
    expect(tapped(bail(), [() => undefined]).call(bail(), "x")).toBeUndefined();
    await expect(tapped(bail(), [async () => undefined]).call(bail(), "x")).resolves.toBeUndefined();
  });

  it("goes on past a fault when the fault is report", async () => {
    const def = bail({ fault: "report" });
    expect(tapped(def, [boom, () => "B"]).call(def, "x")).toBe("B");
    await expect(tapped(def, [async () => boom(), () => "B"]).call(def, "x")).resolves.toBe("B");
  });
});

describe("both", () => {
  it.each([
    ["waterfall", waterfall()],
    ["bail", bail()],
  ] as [string, AnyHookDef][])(
    "%s: a hanging tap is HOOK_TIMEOUT with its name, late results are dropped",
    async (_, def) => {
      const clock = fakeClock();
      const call = (async () => tapped(def, [never], { clock }).call(def, "x"))();
      const caught = call.catch((error: unknown) => error);
      await clock.advance(10_000);
      expect(await caught).toMatchObject({
        code: "HOOK_TIMEOUT",
        plugin: "a",
        hook: def.name,
        details: { limitMs: 10_000 },
      });
      expect(clock.pending).toBe(0);
    },
  );

  it.each([
    ["waterfall", waterfall({ fault: "report" })],
    ["bail", bail({ fault: "report" })],
  ] as [string, AnyHookDef][])("%s: control flow stops the call untouched, whatever the fault", async (_, def) => {
    const later: string[] = [];
    const error = bubbleUp();
    const kernel = tapped(def, [
      async () => {
        throw error;
      },
      () => void later.push("b"),
    ]);
    await expect(kernel.call(def, "x")).rejects.toBe(error);
    expect(() =>
      tapped(def, [
        () => {
          throw error;
        },
      ]).call(def, "x"),
    ).toThrow(error);
    expect([later, kernel.inspect().faults.total]).toEqual([[], 0]);
  });

  it("a GraphTapError of the plugin passes as it is", () => {
    const inner = waterfall();
    const kernel = tapped(inner, [boom]);
    let first: unknown;
    const outer = defineHook.waterfall<string>("acme.text.outer");
    expect(() =>
      tapped(outer, [
        () => {
          try {
            void kernel.call(inner, "x");
          } catch (error) {
            first = error;
            throw error;
          }
        },
      ]).call(outer, "x"),
    ).toThrow(expect.objectContaining({ plugin: "a", hook: inner.name }));
    expect(first).toMatchObject({ code: "TAP_FAILED" });
  });

  it("keeps the provider's error code that LangChain's retry reads", () => {
    const error = Object.assign(new Error("slow down"), { lc_error_code: "MODEL_RATE_LIMIT" });
    expect(() =>
      tapped(waterfall(), [
        () => {
          throw error;
        },
      ]).call(waterfall(), "x"),
    ).toThrow(expect.objectContaining({ lc_error_code: "MODEL_RATE_LIMIT", cause: error }));
  });

  it("names whoever throws something that is no error", () => {
    expect(() => tapped(waterfall(), [() => throwing("plain text")]).call(waterfall(), "x")).toThrow(
      expect.objectContaining({ code: "TAP_FAILED", cause: "plain text" }),
    );
  });
});
