import { isChatModel } from "../model/guard.js";
import { described, issue } from "./issue.js";
import { isMode, MODES, type Raw } from "./options.js";
import type { WorkflowIssue } from "./spec.js";

/** Checks that there is a model, that the stack can govern it, and that it takes tools where the mode needs them. */
export function* modelIssues(raw: Raw): Generator<WorkflowIssue> {
  const path = raw["llm"] === undefined && raw["model"] !== undefined ? "model" : "llm";
  const model = raw[path];
  const fix = `${path}: new ChatOpenAI({ model: "gpt-5-mini" })`;
  if (!canBeGoverned(model)) {
    const expected = "a chat model, or a binding around one";
    yield issue({
      code: "WORKFLOW_MODEL_UNUSABLE",
      path,
      got: model === undefined ? "none" : described(model),
      expected,
      fix,
    });
  } else if (
    isMode(raw["mode"]) &&
    MODES[raw["mode"]].tools &&
    typeof (model as { bindTools?: unknown }).bindTools !== "function"
  ) {
    yield issue({
      code: "WORKFLOW_MODEL_UNUSABLE",
      path,
      got: `${described(model)} without bindTools()`,
      expected: `a model that takes tools, as mode is "${raw["mode"]}"`,
      fix,
    });
  }
}

/** Whether calls end in a chat model, where the stack's hooks sit. Anything else would run ungoverned. */
function canBeGoverned(model: unknown, depth = 0): boolean {
  if (isChatModel(model)) return true;
  if (typeof model !== "object" || model === null || depth > 8) return false;
  const { bound, first, middle } = model as { bound?: unknown; first?: unknown; middle?: unknown };
  return [bound, first, ...(Array.isArray(middle) ? middle : [])].some(
    (part) => part !== undefined && canBeGoverned(part, depth + 1),
  );
}
