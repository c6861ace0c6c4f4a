import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { composition } from "./plugin.js";

describe("conformance", () => testPlugin(it, () => composition()));
