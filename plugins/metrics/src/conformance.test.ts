import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { metrics } from "./plugin.js";

describe("conformance", () => testPlugin(it, () => metrics()));
