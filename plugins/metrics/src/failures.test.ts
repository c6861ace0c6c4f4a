import { describe, expect, it } from "vitest";
import { Failures } from "./failures.js";

describe("Failures", () => {
  const run = { name: "run" };
  const other = { name: "other run" };

  it("recognises an error on its way up, bare or as a cause", () => {
    const failures = new Failures();
    const error = new Error("broken");
    expect(failures.isNew(run, error)).toBe(true);
    expect(failures.isNew(run, error)).toBe(false);
    const wrapped = new Error("outer", { cause: new Error("middle", { cause: error }) });
    expect(failures.isNew(run, wrapped)).toBe(false);
    expect(failures.isNew(run, new Error("around", { cause: wrapped }))).toBe(false);
    expect(failures.isNew(run, new Error("broken"))).toBe(true);
  });

  it("counts an error again that another run throws too", () => {
    const failures = new Failures();
    const shared = new Error("shared");
    expect([failures.isNew(run, shared), failures.isNew(other, shared), failures.isNew(other, shared)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("knows thrown texts by what they say, per run", () => {
    const failures = new Failures();
    expect([
      failures.isNew(run, "no"),
      failures.isNew(run, "no"),
      failures.isNew(run, "yes"),
      failures.isNew(other, "no"),
    ]).toEqual([true, false, true, true]);
  });

  it("takes every failure without an error for a new one", () => {
    const failures = new Failures();
    expect([null, null, undefined, undefined].map((error) => failures.isNew(run, error))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it("survives causes that form a ring, never end, or throw when read", () => {
    const failures = new Failures();
    const ring = new Error("ring");
    ring.cause = ring;
    let endless = new Error("0");
    for (let i = 1; i < 100; i++) endless = new Error(String(i), { cause: endless });
    const trap = Object.defineProperty(new Error("trap"), "cause", {
      get() {
        throw new Error("no");
      },
    });
    for (const error of [ring, endless, trap, () => undefined]) {
      expect(failures.isNew(run, error)).toBe(true);
      expect(failures.isNew(run, error)).toBe(false);
    }
  });
});
