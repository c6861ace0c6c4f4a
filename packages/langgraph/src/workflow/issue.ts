import { inspect } from "node:util";
import type { WorkflowIssue } from "./spec.js";

/** An issue, with its sentence made from its parts. */
export function issue(fields: Omit<WorkflowIssue, "message">): WorkflowIssue {
  const where = fields.path === "" ? "the specification" : fields.path;
  return Object.freeze({ ...fields, message: `${where}: expected ${fields.expected}, got ${fields.got}.` });
}

/** What a value is, in a few words. Short texts and numbers are shown; contents of prompts and objects are not. */
export function described(value: unknown): string {
  if (value === null || value === undefined || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (typeof value === "number") return inspect(value);
  if (typeof value === "string")
    return value.length <= 32 ? JSON.stringify(value) : `a string of ${value.length} characters`;
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value === "symbol") return "a symbol";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const kind: unknown = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor
    ?.name;
  return typeof kind === "string" && kind !== "Object" ? `an instance of ${kind}` : "an object";
}
