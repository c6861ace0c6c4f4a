import { readFileSync } from "node:fs";
import { isDenied as ofBinding } from "@graphtap/langgraph";
import { expect, it } from "vitest";
import { isDenied as ofMain } from "./index.js";
import { isDenied } from "./is-denied.js";

it("is the binding's own, from an entry that a browser can load", () => {
  expect([ofBinding, ofMain]).toEqual([isDenied, isDenied]);
  expect(readFileSync(new URL("./is-denied.ts", import.meta.url), "utf8").match(/from "(.*)"/g)).toEqual([
    'from "@graphtap/langgraph/is-denied"',
  ]);
});
