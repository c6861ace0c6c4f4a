import { describe, expect, it } from "vitest";
import { allow, deny, escalate, transform } from "./verdict.js";

describe("verdicts", () => {
  it("are plain frozen data", () => {
    expect(allow()).toBe(allow());
    expect(deny("NO", "not now")).toEqual({ effect: "deny", code: "NO", message: "not now" });
    expect(deny("NO", "not now", { reason: "night", until: 6 })).toEqual({
      effect: "deny",
      code: "NO",
      message: "not now",
      details: { reason: "night", until: 6 },
    });
    expect(escalate({ reason: "big" })).toEqual({ effect: "escalate", request: { reason: "big" } });
    expect(transform(3)).toEqual({ effect: "transform", value: 3 });
    for (const verdict of [allow(), deny("A", "b"), escalate({ reason: "c" }), transform(1)])
      expect(Object.isFrozen(verdict)).toBe(true);
  });
});
