import { described, issue } from "./issue.js";
import { modelIssues } from "./models.js";
import { nearest } from "./nearest.js";
import { isMode, MODES, OPTION_NAMES, type Raw, simpleIssues } from "./options.js";
import type { WorkflowIssue } from "./spec.js";
import { toolIssues } from "./tools.js";

/** Words that name somebody. A compiled graph is shared between users, so none may be given here. */
const IDENTITY = new Set([
  "userId",
  "user_id",
  "conversationId",
  "conversation_id",
  "threadId",
  "thread_id",
  "tenantId",
  "tenant_id",
  "roles",
]);

/** Everything that is wrong with a specification, without building anything; empty when it can be built. */
export function validateSpec(spec: unknown): readonly WorkflowIssue[] {
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) {
    return [
      issue({
        code: "WORKFLOW_OPTIONS_INVALID",
        path: "",
        got: described(spec),
        expected: "an object of options",
        fix: 'createWorkflow({ mode: "plain", llm })',
      }),
    ];
  }
  const raw = spec as Raw;
  return [...unknownIssues(raw), ...simpleIssues(raw), ...conflictIssues(raw), ...modeIssues(raw), ...modelIssues(raw)];
}

function* unknownIssues(raw: Raw): Generator<WorkflowIssue> {
  for (const name of Object.keys(raw)) {
    if (OPTION_NAMES.includes(name) || raw[name] === undefined) continue;
    if (IDENTITY.has(name)) {
      yield issue({
        code: "WORKFLOW_IDENTITY",
        path: name,
        got: described(raw[name]),
        expected: "nobody's name when a workflow is created",
        fix: "workflow.invoke(input, stack.as({ userId, conversationId }))",
      });
      continue;
    }
    const meant = nearest(name, OPTION_NAMES);
    const fix = meant === null ? `leave it out; options are ${OPTION_NAMES.join(", ")}` : `${meant}: ...`;
    yield issue({
      code: "WORKFLOW_OPTION_UNKNOWN",
      path: name,
      got: "an unknown option",
      expected: meant === null ? "a known option" : `"${meant}"`,
      fix,
    });
  }
}

function* conflictIssues(raw: Raw): Generator<WorkflowIssue> {
  for (const [name, synonym] of [
    ["llm", "model"],
    ["systemMessage", "systemPrompt"],
  ] as const) {
    if (raw[name] === undefined || raw[synonym] === undefined) continue;
    yield issue({
      code: "WORKFLOW_OPTION_CONFLICT",
      path: synonym,
      got: `both ${name} and ${synonym}`,
      expected: "one of them, for they are two words for one thing",
      fix: `${name}: ...`,
    });
  }
  if (raw["enableMemory"] === false && raw["checkpointer"] !== undefined) {
    yield issue({
      code: "WORKFLOW_OPTION_CONFLICT",
      path: "checkpointer",
      got: "a checkpointer with enableMemory: false",
      expected: "no checkpointer without memory",
      fix: "enableMemory: true, checkpointer",
    });
  }
}

function* modeIssues(raw: Raw): Generator<WorkflowIssue> {
  const mode = raw["mode"] ?? "plain";
  const { retriever, tools } = raw;
  const names = Object.keys(MODES);
  if (!isMode(mode)) {
    const meant = typeof mode === "string" ? nearest(mode, names) : null;
    yield issue({
      code: "WORKFLOW_OPTION_TYPE",
      path: "mode",
      got: described(mode),
      expected: names.map((name) => `"${name}"`).join(", "),
      fix: `mode: "${meant ?? "plain"}"`,
    });
  }
  const needs = isMode(mode) ? MODES[mode] : null;
  if (retriever === undefined) {
    if (needs?.retriever === true)
      yield issue({
        code: "WORKFLOW_RETRIEVER_MISSING",
        path: "retriever",
        got: "none",
        expected: `a retriever, as mode is ${described(mode)}`,
        fix: "retriever: vectorStore.asRetriever()",
      });
  } else if (typeof (retriever as { invoke?: unknown } | null)?.invoke !== "function") {
    yield issue({
      code: "WORKFLOW_OPTION_TYPE",
      path: "retriever",
      got: described(retriever),
      expected: "an object with invoke(question)",
      fix: "retriever: vectorStore.asRetriever()",
    });
  } else if (needs?.retriever === false) yield unused("retriever", mode, tools === undefined ? "rag" : "full");
  if (tools === undefined || (Array.isArray(tools) && tools.length === 0)) {
    if (needs?.tools === true)
      yield issue({
        code: "WORKFLOW_TOOLS_MISSING",
        path: "tools",
        got: tools === undefined ? "none" : "an empty list",
        expected: `at least one tool, as mode is ${described(mode)}`,
        fix: "tools: [search]",
      });
  } else if (!Array.isArray(tools)) {
    yield issue({
      code: "WORKFLOW_OPTION_TYPE",
      path: "tools",
      got: described(tools),
      expected: "a list of tools",
      fix: "tools: [search]",
    });
  } else {
    if (needs?.tools === false) yield unused("tools", mode, retriever === undefined ? "tools" : "full");
    yield* toolIssues(tools);
  }
}

/** Something given and never used is a mistake in the mode, not a detail. */
function unused(path: string, mode: unknown, wanted: string): WorkflowIssue {
  return issue({
    code: "WORKFLOW_OPTION_CONFLICT",
    path,
    got: `${path} in mode ${described(mode)}, which uses none`,
    expected: "a mode that uses it",
    fix: `mode: "${wanted}"`,
  });
}
