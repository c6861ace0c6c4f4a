import type { BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import type { Core } from "../core.js";
import type { ModelCall, ModelReply } from "../hooks/model.js";
import type { Config } from "../identity/envelope.js";
import { enter } from "../run/direct.js";
import { onward } from "../run/onward.js";
import type { Frame } from "../run/scope.js";
import { ModelFlight, type ModelName } from "./call.js";
import { observedEvents } from "./events.js";
import { inFrame } from "./in-frame.js";
import { gathered, released } from "./stream.js";
import { announce, muted } from "./tokens.js";

export type Options = Record<string, unknown>;
type Chunks = AsyncGenerator<ChatGenerationChunk>;

/** The parts of a chat model that calls end in. Duck-typed: two copies of LangChain may be loaded. */
export interface AnyModel {
  _generate(messages: BaseMessage[], options: Options, runManager?: unknown): Promise<ChatResult>;
  _streamResponseChunks(messages: BaseMessage[], options: Options, runManager?: unknown): Chunks;
  _streamChatModelEvents?(messages: BaseMessage[], options: Options, runManager?: unknown): AsyncGenerator<unknown>;
  cache?: unknown;
  getLsParams?(options: Options): { ls_provider?: string; ls_model_name?: string };
}

/** How a model names itself for a call; a model that cannot say has no name. */
export function nameOf(model: AnyModel, options: Options): ModelName {
  try {
    const params = model.getLsParams?.(options);
    return { provider: params?.ls_provider ?? null, model: params?.ls_model_name ?? null };
  } catch {
    return { provider: null, model: null };
  }
}

/** Where a call runs whose entry point was not ours: at once where a run is under way. */
function place(core: Core, model: AnyModel, options: Options): Frame | Promise<Frame> {
  return onward(enter(core, nameOf(model, options).model ?? "model", null, options as Config), ({ frame, unpin }) => {
    unpin();
    return frame.loud ?? frame;
  });
}

// Promises are chained and not awaited: async hooks make each one dear, and an async function takes two or three.

/** `_generate` of a governed model. */
export function generate(
  core: Core,
  model: AnyModel,
  messages: BaseMessage[],
  options: Options,
  runManager: unknown,
): Promise<ChatResult> {
  try {
    return Promise.resolve(
      onward(place(core, model, options), (frame) =>
        frame.scope.dispatch.followsModels
          ? onward(ModelFlight.begin(frame, nameOf(model, options), messages, options, false), (flight) =>
              whole(core, model, flight, runManager),
            )
          : core.frames.aloud(() => model._generate(messages, options, runManager)),
      ),
    );
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** One whole reply, from the call to the end of its flight. */
function whole(core: Core, model: AnyModel, flight: ModelFlight, runManager: unknown): Promise<ChatResult> {
  const { frame } = flight;
  const failed = (error: unknown): Promise<never> =>
    onward(flight.fail(error), (): never => {
      throw error;
    }) as Promise<never>;
  const ended = (result: ChatResult): ChatResult | Promise<ChatResult> =>
    onward(flight.end("ok", null, null), () => result);
  const filtered = (result: ChatResult): ChatResult | Promise<ChatResult> => {
    // Before the filters: what they withhold was spent all the same.
    flight.gave(result);
    return onward(flight.result(result), ended);
  };
  const ask = (call: ModelCall): Promise<ModelReply> =>
    Promise.resolve(
      core.frames.run(frame, () =>
        model._generate(call.messages as BaseMessage[], call.options, muted(frame.scope.dispatch, runManager)),
      ),
    ).then((result) => ({ kind: "message", result }));
  try {
    return flight.reply(ask).then((reply) => {
      if (reply.kind === "stream") return gathered(reply).then(filtered).catch(failed);
      try {
        const result = filtered(reply.result);
        return result instanceof Promise ? result.catch(failed) : result;
      } catch (error) {
        return failed(error);
      }
    }, failed);
  } catch (error) {
    return failed(error);
  }
}

/** `_streamResponseChunks` of a governed model. */
export async function* stream(
  core: Core,
  model: AnyModel,
  messages: BaseMessage[],
  options: Options,
  runManager: unknown,
): Chunks {
  const frame = await place(core, model, options);
  if (!frame.scope.dispatch.followsModels) {
    yield* inFrame(core, frame, model._streamResponseChunks(messages, options, runManager));
    return;
  }
  const flight = await ModelFlight.begin(frame, nameOf(model, options), messages, options, true);
  let reply;
  try {
    reply = await flight.reply(async (call) => ({
      kind: "stream",
      chunks: await opened(
        core,
        frame,
        model._streamResponseChunks(
          call.messages as BaseMessage[],
          call.options,
          muted(frame.scope.dispatch, runManager),
        ),
      ),
    }));
  } catch (error) {
    await flight.fail(error);
    throw error;
  }
  for await (const chunk of released(core, flight, reply)) {
    await announce(frame.scope.dispatch, runManager, chunk, options["promptIndex"]);
    yield chunk;
  }
}

/** Pulls the first chunk, so that a provider that refuses fails inside the around taps and a retry can see it. */
async function opened(core: Core, frame: Frame, chunks: Chunks): Promise<AsyncIterable<ChatGenerationChunk>> {
  const first = await core.frames.run(frame, () => chunks.next());
  return (async function* () {
    let next = first;
    try {
      while (next.done !== true) {
        yield next.value;
        next = await core.frames.run(frame, () => chunks.next());
      }
    } finally {
      if (next.done !== true) await chunks.return(undefined);
    }
  })();
}

/** `_streamChatModelEvents` of a governed model. */
export async function* events(
  core: Core,
  model: AnyModel,
  messages: BaseMessage[],
  options: Options,
  runManager: unknown,
): AsyncGenerator<unknown> {
  const source = (call: { messages: readonly BaseMessage[]; options: Options }): AsyncGenerator<unknown> =>
    model._streamChatModelEvents?.(call.messages as BaseMessage[], call.options, runManager) as AsyncGenerator<unknown>;
  const frame = await place(core, model, options);
  if (!frame.scope.dispatch.followsModels) {
    yield* inFrame(core, frame, source({ messages, options }));
    return;
  }
  const flight = await ModelFlight.begin(frame, nameOf(model, options), messages, options, true);
  yield* observedEvents(core, flight, source(flight.call as { messages: readonly BaseMessage[]; options: Options }));
}
