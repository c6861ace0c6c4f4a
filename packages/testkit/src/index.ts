export { type FakeClock, fakeClock } from "./clock/fake-clock.js";
export type { ClockLike } from "./clock/wait.js";
export { errorCatalog, type TestkitErrorCode } from "./errors.js";
export {
  type ModelCall,
  type ModelCallInfo,
  type ModelScript,
  type ScriptedCallOptions,
  ScriptedModel,
  scriptedModel,
  type ScriptedModelOptions,
} from "./model/scripted-model.js";
export type { WhenDone } from "./script/script.js";
export type { ScriptedCall, ScriptedUsage, Step } from "./script/step.js";
export {
  ScriptedTool,
  scriptedTool,
  type ScriptedToolOptions,
  type ToolAnswer,
  type ToolCallRecord,
} from "./tool/scripted-tool.js";
export { openAIServer } from "./openai/server.js";
export type {
  OpenAIRequest,
  OpenAIServer,
  OpenAIServerOptions,
  Outcome,
  RecordedRequest,
  ServerScript,
  ServerStep,
  StatusStep,
} from "./openai/types.js";
export { grantAll, type GrantOptions } from "./record/grant-all.js";
export {
  type HookEvent,
  type HookRecorder,
  recordHooks,
  type Recordable,
  type RecordOptions,
} from "./record/record-hooks.js";
export type { ConformanceCase } from "./conformance/cases.js";
export type { ConformanceOptions, KernelCopy, MakePlugin } from "./conformance/options.js";
export { type It, pluginCases, testPlugin } from "./conformance/test-plugin.js";
