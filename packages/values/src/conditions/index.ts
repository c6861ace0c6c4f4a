export { compileCondition, type CompiledCondition, issuesOf, validateCondition } from "./condition.js";
export {
  type Choice,
  type CompiledRules,
  compileRules,
  type NamedConditions,
  type Rule,
  type RuleList,
  type RuleTrace,
  validateRules,
} from "./rules.js";
export type {
  Condition,
  ConditionBound,
  ConditionData,
  ConditionIssue,
  ConditionIssueCode,
  ConditionProblem,
  ConditionResult,
  ConditionTest,
  ConditionTrace,
} from "./types.js";
