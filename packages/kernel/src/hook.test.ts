import { describe, expect, it } from "vitest";
import { GraphTapError } from "./error.js";
import { defineHook, isHookDef } from "./hook.js";

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (GraphTapError.isInstance(error)) return error.code;
    throw error;
  }
  return "nothing was thrown";
};

describe("defineHook", () => {
  it("gives every kind its documented fault and time-out", () => {
    const defaults = Object.fromEntries(
      (["series", "sync", "waterfall", "bail", "around", "collect", "guard", "reserve"] as const).map((kind) => {
        const def = (defineHook[kind] as (name: string) => ReturnType<typeof defineHook.series>)(`acme.hook.${kind}`);
        return [kind, [def.kind, def.fault, def.timeoutMs]];
      }),
    );
    expect(defaults).toEqual({
      series: ["series", "report", 5_000],
      sync: ["sync", "report", null],
      waterfall: ["waterfall", "throw", 10_000],
      bail: ["bail", "throw", 10_000],
      around: ["around", "throw", null],
      collect: ["collect", "report", 5_000],
      guard: ["guard", "deny", 2_000],
      reserve: ["reserve", "deny", 2_000],
    });
  });

  it("makes frozen values that carry the brand", () => {
    const def = defineHook.guard<number>("acme.door.open", {
      timeoutMs: null,
      doc: "May the door open?",
      transform: true,
    });
    expect(Object.isFrozen(def)).toBe(true);
    expect(def).toMatchObject({ name: "acme.door.open", timeoutMs: null, doc: "May the door open?", transforms: true });
    expect(isHookDef(def)).toBe(true);
    expect(isHookDef({ name: "acme.door.open", kind: "guard" })).toBe(false);
    expect(isHookDef(null)).toBe(false);
  });

  it.each(["run.start", "tool.call", "acme.ticket.closed", "acme-desk.closed", "a1.b2.c3", "acme.dead-letter.kept"])(
    "accepts %s",
    (name) => {
      expect(defineHook.series(name).name).toBe(name);
    },
  );

  it.each([
    "",
    "start",
    "Run.start",
    "run..start",
    ".run",
    "run.start.",
    "run start",
    "ticket.closed",
    "acme_x.y.z",
    "__proto__",
  ])("refuses %j", (name) => {
    expect(code(() => defineHook.series(name))).toBe("HOOK_NAME_INVALID");
  });

  it("refuses a name that is no text", () => {
    expect(code(() => defineHook.series(undefined as never))).toBe("HOOK_NAME_INVALID");
  });

  it("refuses options that contradict the kind", () => {
    expect(code(() => defineHook.guard("acme.door.open", { fault: "report" }))).toBe("HOOK_INVALID");
    expect(code(() => defineHook.around("acme.door.open", { fault: "report" }))).toBe("HOOK_INVALID");
    expect(code(() => defineHook.series("acme.door.open", { fault: "deny" }))).toBe("HOOK_INVALID");
    expect(code(() => defineHook.sync("acme.door.open", { timeoutMs: 10 }))).toBe("HOOK_INVALID");
    expect(code(() => defineHook.series("acme.door.open", { timeoutMs: 0 }))).toBe("HOOK_INVALID");
    expect(code(() => defineHook.series("acme.door.open", { timeoutMs: Number.NaN }))).toBe("HOOK_INVALID");
  });
});
