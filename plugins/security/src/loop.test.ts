import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOOP_DEFAULTS, RunCalls } from "./loop.js";

const limits = { maxCalls: 6, maxCallsPerTool: 4, maxRepeats: 2 };

describe("RunCalls", () => {
  it("says which limit a run has reached, and counts no refused call", () => {
    const calls = new RunCalls(limits);
    expect(calls.take("a", "1")).toBeNull();
    expect(calls.take("a", "1")).toBeNull();
    expect(calls.take("a", "1")).toEqual({ code: "LOOP_ARGUMENTS_REPEATED", limit: 2 });
    expect(calls.take("a", "2")).toBeNull();
    expect(calls.take("a", "3")).toBeNull();
    expect(calls.take("a", "4")).toEqual({ code: "LOOP_TOOL_EXCEEDED", limit: 4 });
    // The same arguments of another tool are another call.
    expect(calls.take("b", "1")).toBeNull();
    expect(calls.take("b", "1")).toBeNull();
    expect(calls.take("c", "1")).toEqual({ code: "LOOP_CALLS_EXCEEDED", limit: 6 });
    expect(calls.total).toBe(6);
  });

  it("sees no repetition in arguments that cannot be compared", () => {
    const calls = new RunCalls({ ...limits, maxCallsPerTool: 6 });
    for (let i = 0; i < 6; i++) expect(calls.take("a", null)).toBeNull();
    expect(calls.take("a", null)?.code).toBe("LOOP_CALLS_EXCEEDED");
  });

  it("gives back", () => {
    const calls = new RunCalls({ maxCalls: 1, maxCallsPerTool: 1, maxRepeats: 1 });
    for (let i = 0; i < 100; i++) {
      expect(calls.take("a", "1")).toBeNull();
      calls.release("a", "1");
    }
    expect(calls.total).toBe(0);
  });

  it("has limits that order themselves: same arguments, one tool, all tools", () => {
    expect(LOOP_DEFAULTS.maxRepeats).toBeLessThan(LOOP_DEFAULTS.maxCallsPerTool);
    expect(LOOP_DEFAULTS.maxCallsPerTool).toBeLessThan(LOOP_DEFAULTS.maxCalls);
  });

  it("never lets a run past any limit, whatever it calls and gives back", () => {
    const step = fc.record({
      tool: fc.constantFrom("a", "b"),
      hash: fc.constantFrom("1", "2", null),
      back: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const calls = new RunCalls(limits);
        const held: { tool: string; hash: string | null }[] = [];
        for (const { tool, hash, back } of steps) {
          if (back) {
            const one = held.pop();
            if (one !== undefined) calls.release(one.tool, one.hash);
            continue;
          }
          const same = held.filter((one) => one.tool === tool && hash !== null && one.hash === hash).length;
          const ofTool = held.filter((one) => one.tool === tool).length;
          const fits = held.length < 6 && ofTool < 4 && same < 2;
          expect(calls.take(tool, hash) === null).toBe(fits);
          if (fits) held.push({ tool, hash });
        }
        expect(calls.total).toBe(held.length);
      }),
    );
  });
});
