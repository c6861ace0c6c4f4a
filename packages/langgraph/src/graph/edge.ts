import type { Runnable } from "@langchain/core/runnables";
import type { Core } from "../core.js";
import type { Config } from "../identity/envelope.js";
import type { Frame } from "../run/scope.js";
import { needsWatch, watched } from "../watch/inject.js";

/** LangGraph's own writers only write; the one of a conditional edge runs the host's function first. */
const isPlainWrite = (writer: Runnable): boolean => "writes" in writer;

/**
 * The writers of a node, with the functions of its conditional edges watched as the node's own code is: they run after
 * it, outside of what it is bound to. The same list where there are none.
 */
export function hookedWriters(core: Core, node: string, writers: readonly Runnable[]): readonly Runnable[] {
  return writers.every(isPlainWrite)
    ? writers
    : writers.map((writer) => (isPlainWrite(writer) ? writer : hooked(core, node, writer)));
}

function hooked(core: Core, node: string, writer: Runnable): Runnable {
  const invoke = (input: unknown, config?: Config): Promise<unknown> => {
    const outer = core.frames.getStore();
    if (outer === undefined) return writer.invoke(input, config);
    const { scope } = outer;
    const done = watching(outer, input, config);
    // The output's judge must know what a run broke off in.
    if (scope.dispatch.run.output.used && outer.ctx === scope.ctx) done.catch((error: unknown) => scope.threw(error));
    return done;
  };
  const watching = (outer: Frame, input: unknown, config?: Config): Promise<unknown> => {
    if (!needsWatch(outer.scope.dispatch)) return writer.invoke(input, config);
    const frame: Frame = { ...outer, permits: null, ctx: Object.freeze({ ...outer.ctx, node }) };
    return core.frames.run(frame, () => writer.invoke(input, watched(core, frame, config)));
  };
  return Object.create(writer, { invoke: { value: invoke, writable: true, configurable: true } }) as Runnable;
}
