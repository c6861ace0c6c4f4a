import { audit, composition, content, createStack, dashboard, metrics, perf, security } from "graphtap";
import { z } from "zod";
import { deskNotes } from "./notes.js";

const HOUR = 3_600_000;

/** All seven plugins, and one of the desk's own, around the desk's workflows. Who runs one is said per run; the tier is a fact, and no right. */
export function createDeskStack() {
  return createStack({
    name: "support-desk",
    facts: z.object({ user_tier: z.enum(["free", "premium", "enterprise"]).optional() }),
    plugins: [
      metrics(),
      audit(),
      security({
        tools: {
          calculator: { level: "read" },
          lookup_order: { level: "read" },
          web_search: { level: "read" },
          refund: { level: "write" },
          // Which method a call is, its own argument says.
          file_manager: { method: "method", methods: { list: "read", read: "read", delete: "admin" } },
        },
      }),
      content(),
      // What was looked up for a question is kept with it, however long the conversation is.
      perf({ compression: { maxTokens: 1_200, pinned: ({ text }) => text.startsWith("Reference material") } }),
      composition(),
      dashboard(),
      deskNotes(),
    ],
  });
}
export type DeskStack = ReturnType<typeof createDeskStack>;

/** Rights by role, and one person's own. */
export function grantRights(stack: DeskStack): void {
  const permissions = stack.get(security);
  for (const toolName of ["lookup_order", "web_search"])
    permissions.grantToolPermission({ role: "customer", toolName, permissionLevel: "read", grantedBy: "setup" });
  permissions.grantToolPermission({
    role: "customer",
    toolName: "calculator",
    permissionLevel: "read",
    rateLimit: { limit: 3, windowMs: HOUR },
    grantedBy: "setup",
  });
  permissions.grantToolPermission({ role: "agent", toolName: "refund", permissionLevel: "write", grantedBy: "setup" });
  permissions.grantToolPermission({
    userId: "carol",
    toolName: "file_manager",
    permissionLevel: "read",
    allowedMethods: ["list", "read"],
    expiry: Date.now() + 7 * 24 * HOUR,
    grantedBy: "dana",
  });
}
