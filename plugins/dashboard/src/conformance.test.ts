import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { dashboard } from "./plugin.js";

describe("conformance", () => testPlugin(it, () => dashboard()));
