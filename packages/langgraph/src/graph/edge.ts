import type { Runnable } from "@langchain/core/runnables";
import type { Core } from "../core.js";
import type { Config } from "../identity/envelope.js";
import type { Frame } from "../run/scope.js";
import { underWatch, watched } from "../watch/inject.js";
import { controlBranch } from "./control.js";
import { lean, leanWriter, whoseMappers } from "./lean.js";

/** LangGraph's own writers only write; the one of a conditional edge runs the host's function first. */
const isPlainWrite = (writer: Runnable): boolean => "writes" in writer;

/**
 * The branch that LangGraph gives every node of a StateGraph for Commands: it runs no code of the host. It comes right
 * after what writes the node's answer, and is as nameless as the host's own, so it is told by place and number: one more
 * than the builder knows of. Where either is another one, somebody attached a branch by hand, and none is taken for it.
 */
export function ownBranch(builder: unknown, node: string, writers: readonly Runnable[]): Runnable | null {
  const all = (builder as { branches?: Readonly<Record<string, object>> } | undefined)?.branches;
  if (typeof all !== "object" || all === null) return null;
  const theirs = Object.keys((Object.hasOwn(all, node) ? all[node] : undefined) ?? {}).length;
  const [first, second] = writers;
  if (first === undefined || second === undefined || !isPlainWrite(first) || second.name !== "<branch_run>")
    return null;
  const branches = writers.filter((writer) => !isPlainWrite(writer));
  return branches[0] === second && branches.length === theirs + 1 ? second : null;
}

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
  const own = ownBranch(builder, node, writers);
  const mappersAre = whoseMappers(builder);
  return writers.map((writer) => {
    if (isPlainWrite(writer)) return leanWriter(writer, mappersAre);
    return writer === own ? hooked(core, node, controlBranch(writer), false) : hooked(core, node, lean(writer), true);
  });
}

/** Writers that run a function of the host's. */
const routing = new WeakSet<object>();

/** Whether a function of the host's decides where a run goes on from these writers. */
export const isRouted = (writers: readonly Runnable[] | undefined): boolean =>
  writers?.some((writer) => routing.has(writer)) === true;

function hooked(core: Core, node: string, writer: Runnable, foreign: boolean): Runnable {
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
    if (!foreign || !outer.scope.dispatch.watches) return writer.invoke(input, config);
    const frame = underWatch(core, { ...outer, permits: null, ctx: Object.freeze({ ...outer.ctx, node }) });
    return core.frames.run(frame, () => writer.invoke(input, watched(frame, config)));
  };
  const made = Object.create(writer, { invoke: { value: invoke, writable: true, configurable: true } }) as Runnable;
  if (foreign) routing.add(made);
  return made;
}
