import type { Stack } from "@graphtap/langgraph";
import { stackReferenceInvalid } from "../errors.js";
import type { Reference } from "./reference.js";

type Module = Readonly<Record<string, unknown>>;

const METHODS = ["wrap", "explain", "inspect", "ready", "dispose", "call"] as const satisfies readonly (keyof Stack)[];

/** By what it can do: the project may have another copy of the package than the command line. */
export const isStack = (value: unknown): value is Stack =>
  typeof value === "object" &&
  value !== null &&
  METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === "function");

/** The stack that a reference means: the export it names, else the default, else the only one there is. */
export function chooseStack(module: Module, reference: Reference): Stack {
  const { text, export: name } = reference;
  const stacks = Object.entries(module)
    .filter(([, value]) => isStack(value))
    .map(([key]) => key);
  if (name !== null) {
    const found = module[name];
    if (isStack(found)) return found;
    throw stackReferenceInvalid(text, `the export "${name}" is ${described(found)}.`, proposal(reference, stacks));
  }
  if (isStack(module["default"])) return module["default"];
  const [only, ...others] = stacks;
  if (only !== undefined && others.length === 0) return module[only] as Stack;
  const why =
    stacks.length > 1
      ? `it exports several stacks, and none of them as default: ${stacks.join(", ")}.`
      : "default" in module
        ? `its default export is ${described(module["default"])}.`
        : `none of its exports is a stack: ${Object.keys(module).join(", ") || "there are none"}.`;
  throw stackReferenceInvalid(text, why, proposal(reference, stacks));
}

const proposal = ({ text }: Reference, stacks: readonly string[]): string | undefined =>
  stacks.length === 0 ? undefined : `--stack ${text.replace(/#[^#]*$/, "")}#${stacks[0]}`;

function described(value: unknown): string {
  if (value === undefined) return "not there";
  if (typeof value === "function") return "a function; export what it returns";
  if (value === null || typeof value !== "object") return value === null ? "null" : `a ${typeof value}`;
  return "then" in value ? "a promise; export what it resolves to" : "no stack: createStack() makes one";
}
