export { DeniedError, isDenied } from "./denial.js";
export { type BindingErrorCode, errorCatalog } from "./errors.js";
export type { Explanation, NodeCoverage } from "./graph/explain.js";
export type { Wrappable } from "./graph/wrap.js";
export { allHooks, hooks } from "./hooks/index.js";
export type * from "./hooks/index.js";
export { Principal } from "./identity/principal.js";
export {
  fromLangGraphServer,
  type IdentityResolver,
  type LangGraphServerOptions,
  type ServerUser,
} from "./identity/server.js";
export type { ResolvedWho, Who, WhoService, WhoUser } from "./identity/who.js";
export { createStack } from "./stack.js";
export type { Identified, Mutable, NotRemote, Stack, StackConfig, StackOptions, WhoWith } from "./stack-types.js";
export { Workflows } from "./workflow/service.js";
export type {
  ChatModelLike,
  RetrieverLike,
  ToolLike,
  WorkflowIssue,
  WorkflowIssueCode,
  WorkflowMode,
  WorkflowOptions,
  WorkflowSpec,
} from "./workflow/spec.js";
export type { RetrievedDocument, Workflow } from "./workflow/state.js";
// A plugin author needs one import: the kernel's authoring surface comes along.
export {
  allow,
  defineHook,
  definePlugin,
  defineService,
  deny,
  escalate,
  GraphTapError,
  override,
  runKey,
  silentLogger,
  systemClock,
  transform,
  type AnyHookDef,
  type Clock,
  type HookDef,
  type Inspection,
  type Kernel,
  type Logger,
  type Plugin,
  type PluginApi,
  type PluginFactory,
  type PluginInput,
  type Profile,
  type ServiceKey,
} from "@graphtap/kernel";
