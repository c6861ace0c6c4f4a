import type { Runnable } from "@langchain/core/runnables";
import { toolsCondition } from "@langchain/langgraph/prebuilt";
import type { Core } from "../core.js";
import type { Config } from "../identity/envelope.js";
import type { Frame } from "../run/scope.js";
import { underWatch, watched } from "../watch/inject.js";
import { controlBranch } from "./control.js";
import { lean, leanWriter, whoseMappers } from "./lean.js";

/** LangGraph's own writers only write; the one of a conditional edge runs the host's function first. */
const isPlainWrite = (writer: Runnable): boolean => "writes" in writer;

interface BuilderLike {
  readonly branches?: Readonly<Record<string, Readonly<Record<string, { readonly path?: unknown }>>>>;
}

/**
 * The branch that LangGraph gives every node of a StateGraph for Commands, and where the host's own lead. The first runs
 * no code of the host. It comes before the host's and is as nameless as they are, so it is told by number: one more than
 * the builder knows of. Null where the count is another one: then somebody attached a branch by hand.
 */
export function branchesOf(
  builder: unknown,
  node: string,
  writers: readonly Runnable[],
): { readonly own: Runnable; readonly paths: ReadonlyMap<Runnable, unknown> } | null {
  const all = (builder as BuilderLike | undefined)?.branches;
  if (typeof all !== "object" || all === null) return null;
  const theirs = Object.values((Object.hasOwn(all, node) ? all[node] : undefined) ?? {});
  const [own, ...rest] = writers.filter((writer) => !isPlainWrite(writer));
  if (own === undefined || rest.length !== theirs.length || own.name !== "<branch_run>") return null;
  return { own, paths: new Map(rest.map((writer, i) => [writer, theirs[i]?.path])) };
}

/** LangGraph's own condition calls nothing that would have to be watched. */
const isToolsCondition = (path: unknown): boolean => (path as { func?: unknown } | undefined)?.func === toolsCondition;

/**
 * The writers of a node, with the functions of its conditional edges watched as the node's own code is: they run after
 * it, outside of what it is bound to.
 */
export function hookedWriters(
  core: Core,
  node: string,
  writers: readonly Runnable[],
  builder: unknown,
): readonly Runnable[] {
  const branches = branchesOf(builder, node, writers);
  const mappersAre = whoseMappers(builder);
  return writers.map((writer) => {
    if (isPlainWrite(writer)) return leanWriter(writer, mappersAre);
    if (writer === branches?.own) return hooked(core, node, controlBranch(writer), null);
    const path = branches?.paths.get(writer);
    return hooked(core, node, lean(writer), () => !isToolsCondition(path));
  });
}

/** Writers that run a function of the host's. */
const routing = new WeakSet<object>();

/** Whether a function of the host's decides where a run goes on from these writers. */
export const isRouted = (writers: readonly Runnable[] | undefined): boolean =>
  writers?.some((writer) => routing.has(writer)) === true;

/** @param watches whether the host's function has to be watched; null where there is none */
function hooked(core: Core, node: string, writer: Runnable, watches: (() => boolean) | null): Runnable {
  const invoke = (input: unknown, config?: Config): Promise<unknown> => {
    const outer = core.frames.getStore();
    if (outer === undefined || outer.scope.dispatch.idle) return writer.invoke(input, config);
    const { scope } = outer;
    const done = watching(outer, input, config);
    // The output's judge must know what a run broke off in.
    if (scope.dispatch.run.output.used && outer.ctx === scope.ctx) done.catch((error: unknown) => scope.threw(error));
    return done;
  };
  const watching = (outer: Frame, input: unknown, config?: Config): Promise<unknown> => {
    if (!outer.scope.dispatch.watches || watches?.() !== true) return writer.invoke(input, config);
    const frame = underWatch(core, { ...outer, permits: null, ctx: Object.freeze({ ...outer.ctx, node }) });
    return core.frames.run(frame, () => writer.invoke(input, watched(frame, config)));
  };
  const made = Object.create(writer, { invoke: { value: invoke, writable: true, configurable: true } }) as Runnable;
  if (watches !== null) routing.add(made);
  return made;
}
