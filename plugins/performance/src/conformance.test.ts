import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { perf } from "./plugin.js";

describe("conformance", () => testPlugin(it, () => perf()));

describe("conformance, compressing", () =>
  testPlugin(it, () =>
    perf({ compression: { maxTokens: 100_000 }, tools: { idleMs: 60_000 }, memory: { timer: true } }),
  ));
