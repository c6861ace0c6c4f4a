import { describe, expect, it } from "vitest";
import { options } from "../options.js";
import { policyOf } from "../policy.js";
import type { Program } from "../detect/program.js";
import { Scan } from "./scan.js";

const given = options.parse({});
const program = policyOf(given).output as Program;
const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";

describe("a value with a getter", () => {
  it("is looked into nowhere beside it, and the getter does not run, on the first look and the second", () => {
    let ran = 0;
    const child = { api_key: KEY };
    const value = {
      child,
      get late(): string {
        ran++;
        return KEY;
      },
    };
    const found: string[] = [];
    const scan = new Scan(program, given.limits, null, ({ path }) => void found.push(path));
    expect(scan.run({ value, other: KEY })).toMatchObject({ over: "unreadable", hides: true });
    const hidden = scan.hidden({ value, other: KEY }).value as { value: unknown };
    expect([found, hidden.value, ran]).toEqual([["$.other"], value, 0]);
  });
});
