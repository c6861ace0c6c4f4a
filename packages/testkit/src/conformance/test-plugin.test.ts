import { definePlugin, hooks } from "@graphtap/langgraph";
import { describe, it } from "vitest";
import { testPlugin } from "../index.js";

const observer = definePlugin({ name: "acme-observer", version: "1.0.0", setup(api) {
  let count = 0;
  for (const def of [hooks.run.start, hooks.run.end, hooks.tool.start, hooks.tool.end, hooks.model.start, hooks.model.end, hooks.node.start, hooks.node.end]) api.tap(def as typeof hooks.run.end, () => void count++);
} });
describe("an observer", () => testPlugin(it, () => observer()));
