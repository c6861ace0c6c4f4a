import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { errorCatalog } from "./error-catalog.js";

const here = new URL(".", import.meta.url).pathname;
const text = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.includes(".test") && file !== "error-catalog.ts")
  .map((file) => readFileSync(here + file, "utf8"))
  .join("\n");
/** LangChain's, LangGraph's and the kernel's own, and names of variables. */
const FOREIGN = [
  "MODEL_ABORTED",
  "GRAPH_RECURSION_LIMIT",
  "INVALID_CONCURRENT_GRAPH_UPDATE",
  "INVALID_GRAPH_NODE_RETURN_VALUE",
  "GRAPHTAP_KILL",
  "GRAPHTAP_STRICT",
  "TAP_FAILED",
];

it("explains every code that this package throws, denies or ends a call with, and no other", () => {
  const used = new Set([...text.matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)].map((match) => match[1] as string));
  for (const code of FOREIGN) used.delete(code);
  expect(used).toEqual(new Set(Object.keys(errorCatalog)));
});

it("has every part of every entry", () => {
  for (const [code, { title, why, do: fix }] of Object.entries(errorCatalog))
    for (const part of [title, why, fix]) expect(part.length, code).toBeGreaterThan(5);
});
