import { readFileSync } from "node:fs";
import { ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isDenied } from "./is-denied.js";

const denied = new ToolMessage({
  status: "error",
  content: "x",
  tool_call_id: "1",
  artifact: { graphtap: { code: "PERMISSION_NOT_GRANTED", requestId: "r" } },
});

it("knows a denial live, as JSON, and as a client reads it", () => {
  const json: unknown = JSON.parse(JSON.stringify(denied));
  expect([denied, json, { type: "tool", artifact: denied.artifact }].map(isDenied)).toEqual([true, true, true]);
});

it("answers for any value, and never throws", () => {
  const artifact = fc.oneof(
    fc.constant(denied.artifact),
    fc.constant({ graphtap: null }),
    fc.constant({ graphtap: { code: 1 } }),
    fc.anything(),
  );
  const message = fc.oneof(
    fc.anything(),
    fc.record({ artifact }, { requiredKeys: [] }),
    fc.record({ kwargs: fc.oneof(fc.record({ artifact }), fc.anything()) }),
  );
  type Message = { artifact?: unknown; kwargs?: { artifact?: unknown } } | null | undefined;
  fc.assert(
    fc.property(message, (value) => {
      const found = (value as Message)?.artifact ?? (value as Message)?.kwargs?.artifact;
      const code = (found as { graphtap?: { code?: unknown } } | null | undefined)?.graphtap?.code;
      expect(isDenied(value)).toBe(typeof code === "string");
    }),
  );
});

it("imports nothing, so that a browser can load it", () => {
  const code = readFileSync(new URL("./is-denied.ts", import.meta.url), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  expect(code).not.toMatch(/\bimport\b|\brequire\b|\bprocess\b/);
});
