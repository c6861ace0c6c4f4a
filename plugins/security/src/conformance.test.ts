import { testPlugin } from "@graphtap/testkit";
import { describe, it } from "vitest";
import { security } from "./plugin.js";

// The kit's tools declare that reading is enough; a grant of that level has to let them run.
const TOOLS = ["kit_echo", "kit_ask", "kit_wait", "kit_fail", "kit_hop"];

describe("conformance", () =>
  testPlugin(it, () => security(), {
    prepare(stack) {
      for (const toolName of TOOLS)
        stack.get(security).grantToolPermission({ userId: "testkit", toolName, permissionLevel: "read" });
    },
  }));
