import type {
  ChatModelLike,
  RetrieverLike,
  ToolLike,
  WorkflowIssue,
  WorkflowMode,
  WorkflowOptions,
  WorkflowSpec,
} from "@graphtap/langgraph";
import type { BaseCheckpointSaver, StateDefinition } from "@langchain/langgraph";
import { issuesOf } from "@graphtap/values";
import type { CompositionIssue } from "../errors.js";
import { RESERVED } from "../context.js";
import { isStateRoot, type StateRoot } from "../state.js";
import { described } from "../text.js";
import type { FactsConfig } from "./told.js";

type Values = Readonly<Record<string, unknown>>;

/** The parts of a specification: a member gives what it does not inherit. */
export interface MemberSpec extends WorkflowOptions {
  readonly mode?: WorkflowMode | undefined;
  readonly llm?: ChatModelLike | undefined;
  readonly model?: ChatModelLike | undefined;
  readonly systemMessage?: WorkflowSpec["systemMessage"];
  readonly systemPrompt?: WorkflowSpec["systemPrompt"];
  readonly tools?: readonly ToolLike[] | undefined;
  readonly retriever?: RetrieverLike | undefined;
}

/** What conditional and composite workflows have in common. Keys of a workflow's specification are handed down to members. */
export interface ComposedConfig<Spec extends StateDefinition = StateDefinition> extends FactsConfig {
  /** In events, metrics and errors. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly llm?: ChatModelLike | undefined;
  readonly model?: ChatModelLike | undefined;
  readonly systemMessage?: WorkflowSpec["systemMessage"];
  readonly systemPrompt?: WorkflowSpec["systemPrompt"];
  readonly tools?: readonly ToolLike[] | undefined;
  readonly retriever?: RetrieverLike | undefined;
  readonly memoryWindow?: number | undefined;
  readonly providerName?: string | undefined;
  readonly modelName?: string | undefined;
  readonly store?: WorkflowOptions["store"];
  /** Keeps the conversation. Default: true if a member does, or a `checkpointer` is given. */
  readonly enableMemory?: boolean | undefined;
  /** Where it is kept. Default with memory: a MemorySaver, which forgets at exit. */
  readonly checkpointer?: BaseCheckpointSaver | undefined;
  /** More channels besides `messages` and `context`, made by LangGraph's `Annotation.Root`. */
  readonly state?: StateRoot<Spec> | undefined;
}

export const COMMON_KEYS: readonly string[] = Object.freeze([
  "name",
  "description",
  "llm",
  "model",
  "systemMessage",
  "systemPrompt",
  "tools",
  "retriever",
  "memoryWindow",
  "providerName",
  "modelName",
  "store",
  "enableMemory",
  "checkpointer",
  "state",
  "context",
  "facts",
  "untrusted",
]);

export const isRecord = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Check {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
  readonly fix: string;
}
const text: Check = {
  accepts: (v) => typeof v === "string" && v !== "" && v.length <= 128,
  expected: "a text",
  fix: 'name: "desk"',
};

const CHECKS: Readonly<Record<string, Check>> = {
  name: text,
  enableMemory: { accepts: (v) => typeof v === "boolean", expected: "true or false", fix: "enableMemory: true" },
  checkpointer: {
    accepts: (v) => isRecord(v) && typeof v["getTuple"] === "function",
    expected: "a checkpointer",
    fix: "checkpointer: new MemorySaver()",
  },
  state: {
    accepts: isStateRoot,
    expected: "what Annotation.Root makes",
    fix: "state: Annotation.Root({ score: Annotation<number>() })",
  },
  context: { accepts: isRecord, expected: "an object of constants", fix: 'context: { region: "eu" }' },
  facts: {
    accepts: (v) => typeof v === "function",
    expected: "a function of the run",
    fix: "facts: (run) => ({ plan: planOf(run?.principal?.userId) })",
  },
  untrusted: {
    accepts: (v) =>
      Array.isArray(v) && v.every((key) => typeof key === "string" && key !== "" && !RESERVED.includes(key)),
    expected: `names of keys that callers may tell, none of ${RESERVED.join(", ")}`,
    fix: 'untrusted: ["query_complexity"]',
  },
};

/** What is wrong with the keys that every composed workflow has, and with keys that none has. */
export function commonIssues(config: Values, known: readonly string[]): CompositionIssue[] {
  const issues: CompositionIssue[] = [];
  for (const key of Object.keys(config))
    if (config[key] !== undefined && !known.includes(key))
      issues.push({
        path: key.slice(0, 64),
        got: "an unknown key",
        expected: `one of ${known.join(", ")}`,
        fix: `leave ${key.slice(0, 64)} out`,
      });
  for (const [path, { accepts, expected, fix }] of Object.entries(CHECKS))
    if (config[path] !== undefined && !accepts(config[path]))
      issues.push({ path, got: described(config[path]), expected, fix });
  return issues;
}

/** The binding's own issues of a member's specification, under the member's path. */
export const specIssues = (path: string, issues: readonly WorkflowIssue[]): CompositionIssue[] =>
  issues.map((issue) => ({ ...issue, path: issue.path === "" ? path : `${path}.${issue.path}` }));

/** Issues of rules, under the key they were written at; anything else is thrown on. */
export function ruleIssues(error: unknown, key: string): CompositionIssue[] {
  const issues = issuesOf(error);
  if (issues.length === 0) throw error;
  return issues.map(({ path, got, expected, fix }) => ({
    path: path.replace(/^\$(?:\.rules)?/, key),
    got,
    expected,
    fix,
  }));
}
