import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { audit } from "./plugin.js";

describe("conformance", () => testPlugin(it, () => audit()));
