export { systemClock, type Clock, type Timer } from "./clock.js";
export { isAbort, isControlFlow } from "./control.js";
export type { Collected } from "./dispatch/collect.js";
export type { Denial, Escalation, Judgement } from "./dispatch/guard.js";
export type { Reservation } from "./dispatch/reserve.js";
export type { RunnerInfo, RunnerOf, Runners } from "./dispatch/runner.js";
export type { Settlement } from "./dispatch/settlement.js";
export type { Epoch } from "./epoch.js";
export { errorCatalog, type CatalogEntry, type KernelErrorCode } from "./error-catalog.js";
export { GraphTapError, type GraphTapErrorInit } from "./error.js";
export type { Bus, FaultEvent, KernelEvents, QuarantineEvent } from "./events.js";
export type { FaultRecord } from "./faults.js";
export {
  defineHook,
  isHookDef,
  type AnyHookDef,
  type ContextOf,
  type Fault,
  type HookDef,
  type HookKind,
  type HookOptions,
  type TapFn,
  type TapFns,
  type ValueOf,
} from "./hook.js";
export { hookResultInvalid } from "./errors.js";
export { problemsOf } from "./given.js";
export type { DeadTap, InspectedHook, InspectedPlugin, InspectedTap, Inspection, InspectionData } from "./inspect.js";
export type { InstanceState, PluginInfo } from "./instance.js";
export { createKernel } from "./kernel.js";
export type { Complete, Gettable, Kernel, KernelOptions, KernelState, Missing, ServiceFrom } from "./kernel-types.js";
export type { PendingAction } from "./ledger.js";
export { createLog, silentLogger, type Log, type LogFields, type Logger, type LogLevel } from "./logger.js";
export type { CallRest, CallResult, Disposer, PluginApi } from "./plugin-api.js";
export type { PluginInput } from "./plugin-list.js";
export {
  definePlugin,
  override,
  type IdentityNeed,
  type InstanceOptions,
  type Plugin,
  type PluginFactory,
  type PluginSpec,
  type SetupResult,
} from "./plugin.js";
export type { Profile, TapProfile } from "./profile.js";
export { createRunData, runKey, type RunData, type RunKey } from "./run-data.js";
export {
  defineService,
  isServiceKey,
  type AnyServiceKey,
  type IdOf,
  type ServiceKey,
  type ServiceOf,
} from "./service.js";
export { callSite } from "./site.js";
export type { Stage, TapOptions } from "./tap.js";
export { isThenable } from "./thenable.js";
export {
  allow,
  deny,
  escalate,
  transform,
  type Allow,
  type ApprovalRequest,
  type Deny,
  type DenyDetails,
  type Escalate,
  type Hold,
  type Transform,
  type Verdict,
} from "./verdict.js";
export { KERNEL_API, KERNEL_VERSION } from "./version.js";
