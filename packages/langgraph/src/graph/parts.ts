import { Runnable } from "@langchain/core/runnables";

type Step = (part: Runnable) => Runnable;
type Record_ = Record<string, unknown>;

const isObject = (value: unknown): value is Record_ => typeof value === "object" && value !== null;
const isRunnable = (value: unknown): value is Runnable => Runnable.isRunnable(value);

/** By name as well, where the shape alone might be a host's own: a copy of that would lack its private fields. */
const isNamed = (of: object, name: string): boolean => of.constructor.name === name;

/**
 * LangChain's containers around other runnables, by shape: what sits in them runs like a node of its own. Each answers
 * with the changed fields, or null when the value is no such container.
 */
const CONTAINERS: readonly ((of: Record_, step: Step) => Record_ | null)[] = [
  // RunnableSequence
  (of, step) =>
    isRunnable(of["first"]) && isRunnable(of["last"]) && Array.isArray(of["middle"])
      ? { first: step(of["first"]), middle: of["middle"].map(step), last: step(of["last"]) }
      : null,
  // RunnableBinding, RunnableRetry, RunnableEach
  (of, step) => (isRunnable(of["bound"]) ? { bound: step(of["bound"]) } : null),
  // RunnableWithFallbacks
  (of, step) =>
    isRunnable(of["runnable"]) && Array.isArray(of["fallbacks"])
      ? { runnable: step(of["runnable"]), fallbacks: of["fallbacks"].map(step) }
      : null,
  // RunnableBranch; its conditions are code, and watched as such
  (of, step) =>
    isRunnable(of["default"]) && Array.isArray(of["branches"])
      ? {
          branches: (of["branches"] as [unknown, Runnable][]).map(([when, then]) => [when, step(then)]),
          default: step(of["default"]),
        }
      : null,
  // RunnableAssign
  (of, step) => (isNamed(of, "RunnableAssign") && isRunnable(of["mapper"]) ? { mapper: step(of["mapper"]) } : null),
  // RouterRunnable
  (of, step) =>
    isNamed(of, "RouterRunnable") && isObject(of["runnables"]) && Object.values(of["runnables"]).every(isRunnable)
      ? {
          runnables: Object.fromEntries(
            Object.entries(of["runnables"] as Record<string, Runnable>).map(([key, part]) => [key, step(part)]),
          ),
        }
      : null,
  // RunnableMap, RunnableParallel
  (of, step) =>
    isObject(of["steps"]) && !Array.isArray(of["steps"]) && Object.values(of["steps"]).every(isRunnable)
      ? {
          steps: Object.fromEntries(
            Object.entries(of["steps"] as Record<string, Runnable>).map(([key, part]) => [key, step(part)]),
          ),
        }
      : null,
];

/** A copy of a container whose parts went through `step`; null for anything that is no container. */
export function mapParts(of: Runnable, step: Step): Runnable | null {
  for (const container of CONTAINERS) {
    const changed = container(of as unknown as Record_, step);
    if (changed !== null)
      return Object.assign(Object.create(Object.getPrototypeOf(of) as object) as Runnable, of, changed);
  }
  return null;
}

/**
 * What runs in the end: the parts of containers at every depth, the value itself where it is none.
 *
 * @param isLeaf what counts as one part although it looks like a container
 */
export function leavesOf(of: Runnable, isLeaf: (part: Runnable) => boolean): readonly Runnable[] {
  if (isLeaf(of)) return [of];
  const leaves: Runnable[] = [];
  const made = mapParts(of, (part) => {
    leaves.push(...leavesOf(part, isLeaf));
    return part;
  });
  return made === null ? [of] : leaves;
}

/** The class whose method a value has; null where it has one of its own, or none. */
export function ownerOf(value: object, method: string): { readonly name: string } | null {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null)
    if (Object.hasOwn(at, method)) return at === value ? null : at.constructor;
  return null;
}

/** The name of the class whose `invoke` a runnable has; null where it has one of its own. */
export const classOfInvoke = (runnable: object): string | null => ownerOf(runnable, "invoke")?.name ?? null;
