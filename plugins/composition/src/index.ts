export type { CompositeMember, CompositeWork, CompositeWorkflowConfig } from "./composite/config.js";
export type { CompositeExecution, MemberResult } from "./composite/execute.js";
export type { MemberProgress } from "./composite/waiting.js";
export type { Change, Merge, MergeInput } from "./composite/merge.js";
export type { ConditionalMember, ConditionalWorkflowConfig } from "./conditional/config.js";
export { type CompositionErrorCode, type CompositionIssue, errorCatalog, NoMatchError } from "./errors.js";
export {
  Composition,
  compositionHooks,
  type CompositionSystemPanel,
  type ContextSource,
  type MemberCount,
  type MemberEnd,
  type MemberOutcome,
  type MemberStatus,
  type MergeReport,
  type Selection,
  type SelectionCount,
  Selections,
} from "./keys.js";
export type { AdvancedWorkflowManager, CompositeWorkflow, ConditionalWorkflow, TemplateUse } from "./manager.js";
export type { ComposedConfig, MemberSpec } from "./members/config.js";
export type { FactsConfig } from "./members/told.js";
export { composition } from "./plugin.js";
export type { TemplateInput, TemplateWorkflow, WorkflowTemplate, WorkflowTemplates } from "./templates/registry.js";
export type { Choice, Condition, ConditionTest, NamedConditions, Rule, RuleTrace } from "@graphtap/values";
