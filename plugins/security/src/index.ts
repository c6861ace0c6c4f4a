export type { SecurityLogEntry } from "./audit.js";
export type { Kill, KillTarget } from "./kill.js";
export { errorCatalog, type SecurityErrorCode } from "./errors.js";
export type { AllowedTool, AllowedTools, Considered, SecurityExplanation } from "./explain.js";
export type { Decision, DenialCode, GateDenial } from "./gate.js";
export type { ToolPermission } from "./grants.js";
export type {
  AuthorizeInput,
  ExplainInput,
  GrantInput,
  HolderName,
  KillNote,
  LogQuery,
  PrincipalName,
  RateLimitInput,
  RateWindowInput,
  RevokeInput,
  RoleName,
  StatsQuery,
  WhoInput,
} from "./input.js";
export {
  type KillChange,
  type PermissionChange,
  type PermissionPanelRow,
  Security,
  securityHooks,
  type SecuritySystemPanel,
  type SecurityUserPanel,
  type ShadowDenial,
} from "./keys.js";
export { PermissionLevel, type RequiredLevel } from "./levels.js";
export type { LoopLimits } from "./loop.js";
export { type ToolAdmission, type UserPermissions, WorkflowSecurityManager } from "./manager.js";
export type { AdminRole, ToolRule } from "./options.js";
export { security } from "./plugin.js";
export type { RateStatus, RateWindow } from "./rate.js";
export type { ManagerOptions } from "./standalone.js";
export type { SecurityStats } from "./stats.js";
export type { Count } from "./usage.js";
