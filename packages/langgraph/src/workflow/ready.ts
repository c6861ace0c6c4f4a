import type { GraphTapError } from "@graphtap/kernel";
import { bindingError } from "../errors.js";
import { isMode, type Raw } from "./options.js";
import type { ReadySpec, WorkflowIssue } from "./spec.js";
import { validateSpec } from "./validate.js";

/** Long enough for every real conversation turn, short enough for every real context window. */
const DEFAULT_WINDOW = 20;
const DEFAULT_NAME = "workflow";

/**
 * A checked specification in one spelling, with defaults filled in.
 *
 * @throws GraphTapError with every issue: the issue's own code if there is one, else WORKFLOW_OPTIONS_INVALID.
 */
export function readySpec(spec: unknown): ReadySpec {
  const issues = validateSpec(spec);
  if (issues.length > 0) throw optionsInvalid(issues);
  const { llm, model, mode, systemMessage, systemPrompt, tools, enableMemory, memoryWindow, ...rest } = spec as Raw;
  const remembers = enableMemory ?? rest["checkpointer"] !== undefined;
  return Object.freeze({
    ...rest,
    name: rest["name"] ?? DEFAULT_NAME,
    mode: isMode(mode) ? mode : "plain",
    llm: llm ?? model,
    systemMessage: systemMessage ?? systemPrompt,
    tools: Object.freeze([...((tools as readonly unknown[] | undefined) ?? [])]),
    enableMemory: remembers,
    // Without memory a caller sends the history himself, and cutting it would surprise him.
    memoryWindow: memoryWindow ?? (remembers === true ? DEFAULT_WINDOW : undefined),
  }) as unknown as ReadySpec;
}

/** One error for all issues. */
function optionsInvalid(issues: readonly WorkflowIssue[]): GraphTapError {
  const [first, ...more] = issues;
  const code = first !== undefined && more.length === 0 ? first.code : "WORKFLOW_OPTIONS_INVALID";
  const count = issues.length === 1 ? "an option is wrong" : `${issues.length} options are wrong`;
  return bindingError(code, `createWorkflow(): ${count}.`, issues.map((found) => found.message).join("\n"), {
    do: issues.map((found) => found.fix).join("\n"),
    details: { issues },
  });
}
