/** One step into a value. Map keys and members of a Set have no name of their own, so their position stands in. */
export type Step = string | number | symbol | { readonly part: "key" | "value" | "member"; readonly index: number };

const NAME = /^[A-Za-z_$][\w$]*$/;
// A path is for people; a key of a megabyte in an error message is a second problem.
const LONGEST_KEY = 64;

function formatStep(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "symbol") return `[${String(step).slice(0, LONGEST_KEY)}]`;
  if (typeof step === "object") return `<${step.part} ${step.index}>`;
  if (step.length > LONGEST_KEY) return `[${JSON.stringify(`${step.slice(0, LONGEST_KEY)}...`)}]`;
  return NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** `$` for the value itself, then `.name`, `[0]`, `["odd name"]`, `<key 0>`, `<value 0>`, `<member 0>`. */
export function formatPath(steps: readonly Step[]): string {
  let text = "$";
  for (const step of steps) text += formatStep(step);
  return text;
}
