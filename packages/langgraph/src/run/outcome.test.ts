import { describe, expect, it } from "vitest";
import { DeniedError } from "../denial.js";
import { endingOf } from "./outcome.js";

const refused = (code: string) =>
  new DeniedError("it", { code, message: "Not this.", reason: null, plugin: null, hook: null });

describe("how nodes side by side end what they are part of", () => {
  it("is a refusal where all of them were refused", () => {
    const both = new AggregateError([refused("FIRST"), new AggregateError([refused("SECOND")])]);
    expect(endingOf(both, undefined)).toEqual({ status: "denied", code: "FIRST", error: both });
  });
  it.each([
    ["one of them failed", [refused("FIRST"), new Error("broken")]],
    ["there is no error in it", []],
  ])("is an error where %s", (_title, errors) => {
    const error = new AggregateError(errors);
    expect(endingOf(error, undefined)).toEqual({ status: "error", code: null, error });
  });
});
