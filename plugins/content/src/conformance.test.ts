import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { content } from "./index.js";

describe("content", () => testPlugin(it, () => content()));

describe("content, with everything on", () =>
  testPlugin(
    it,
    () =>
      content({
        personal: "mask",
        secrets: "block",
        deny: [{ terms: ["forbidden fruit"] }],
        patterns: [{ id: "employee", pattern: "EMP-\\d{4}", action: "mask" }],
      }),
    { parallel: 20 },
  ));
