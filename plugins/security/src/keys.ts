import { defineHook, defineService } from "@graphtap/kernel";
import type { PermissionChange, WorkflowSecurityManager } from "./manager.js";

/** The permissions and the audit log of a stack. */
export const Security = defineService<WorkflowSecurityManager>()("security");

/** What this plugin tells: a permission was given or taken away. */
export const securityHooks = Object.freeze({
  granted: defineHook.series<PermissionChange>("security.granted", {
    doc: "A permission was granted; it counts from the next call on.",
  }),
  revoked: defineHook.series<PermissionChange>("security.revoked", {
    doc: "A permission was revoked; it counts from the next call on.",
  }),
});
