import { isCallable } from "../tool/guard.js";
import { described, issue } from "./issue.js";
import type { WorkflowIssue } from "./spec.js";

/** What every provider takes as the name of a function, and a few more characters that some do. */
const NAME = /^[A-Za-z0-9_.:-]{1,128}$/;

/** A tool of the provider's own: the model is told of it, nothing of it runs here. */
const isProviderTool = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  !("invoke" in value) &&
  typeof (value as { type?: unknown }).type === "string";

/** Checks each tool of a list, and that no two have one name: the second could never be called. */
export function* toolIssues(tools: readonly unknown[]): Generator<WorkflowIssue> {
  const seen = new Map<string, number>();
  for (const [index, tool] of tools.entries()) {
    if (isProviderTool(tool)) continue;
    const path = `tools[${index}]`;
    if (!isCallable(tool)) {
      yield issue({
        code: "WORKFLOW_TOOL_UNUSABLE",
        path,
        got: described(tool),
        expected: "a tool with a name and invoke()",
        fix: 'tool(fn, { name: "search", description, schema })',
      });
      continue;
    }
    const { name } = tool;
    if (!NAME.test(name)) {
      yield issue({
        code: "WORKFLOW_TOOL_UNUSABLE",
        path: `${path}.name`,
        got: described(name),
        expected: "a name of letters, digits, _ and -",
        fix: 'tool(fn, { name: "search_help" })',
      });
      continue;
    }
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else
      yield issue({
        code: "WORKFLOW_TOOL_DUPLICATE",
        path: `${path}.name`,
        got: `${described(name)}, as tools[${first}] is called already`,
        expected: "a name of its own",
        fix: "rename one of them, or leave one out",
      });
  }
}
