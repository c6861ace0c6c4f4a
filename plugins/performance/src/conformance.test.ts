import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { perf } from "./plugin.js";

// With all that can be turned on: each of these taps more.
const make = () => perf({ compression: { maxTokens: 100_000 }, tools: { idleMs: 60_000 }, memory: { timer: true } });

describe("conformance", () => testPlugin(it, make));
