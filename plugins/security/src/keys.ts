import { defineHook, defineService } from "@graphtap/kernel";
import type { KillChange, PermissionChange } from "./administration.js";
import type { ShadowDenial } from "./shadow.js";
import type { WorkflowSecurityManager } from "./manager.js";

export type { KillChange, PermissionChange } from "./administration.js";
export type { PermissionPanelRow, SecuritySystemPanel, SecurityUserPanel } from "./panels.js";
export type { ShadowDenial } from "./shadow.js";

/** The permissions and the audit log of a stack. */
export const Security = defineService<WorkflowSecurityManager>()("security");

/** What this plugin tells: a permission was given or taken away, something was switched off, shadow mode let a call pass. */
export const securityHooks = Object.freeze({
  granted: defineHook.series<PermissionChange>("security.granted", {
    doc: "A permission was granted; it counts from the next call on.",
  }),
  revoked: defineHook.series<PermissionChange>("security.revoked", {
    doc: "A permission was revoked; it counts from the next call on.",
  }),
  killed: defineHook.series<KillChange>("security.killed", {
    doc: "Something was switched off, or may run again; it counts from the next call on.",
  }),
  shadowed: defineHook.series<ShadowDenial>("security.shadowed", {
    doc: "Shadow mode let a call pass that would have been denied.",
  }),
});
