import type { BaseMessage } from "@langchain/core/messages";
import type { Essence, WrappedAgent } from "./workload.js";
import { essence } from "./workload.js";

type Input = Parameters<WrappedAgent["invoke"]>[0];
type Config = { configurable: Record<string, unknown> };
interface State {
  messages: BaseMessage[];
}

/** Runs the graph in one way and gives what came out of it. */
export type Mode = (graph: WrappedAgent, input: Input, config: Config) => Promise<readonly Essence[]>;

const isState = (value: unknown): value is State => Array.isArray((value as State | null)?.messages);

async function last(chunks: AsyncIterable<unknown>): Promise<readonly Essence[]> {
  let state: State | null = null;
  for await (const chunk of chunks) if (isState(chunk)) state = chunk;
  return essence(state?.messages ?? []);
}

async function fromUpdates(graph: WrappedAgent, input: Input, config: Config): Promise<readonly Essence[]> {
  const messages: BaseMessage[] = [...(input as State).messages];
  for await (const chunk of await graph.stream(input, { ...config, streamMode: "updates" }))
    for (const update of Object.values(chunk as Record<string, unknown>))
      for (const part of Array.isArray(update) ? update : [update]) if (isState(part)) messages.push(...part.messages);
  return essence(messages);
}

/** Chunks of one message share its id; their order is the order of the messages. */
async function fromMessages(graph: WrappedAgent, input: Input, config: Config): Promise<readonly Essence[]> {
  const whole = new Map<string, BaseMessage>();
  for await (const [chunk] of (await graph.stream(input, { ...config, streamMode: "messages" })) as AsyncIterable<
    [BaseMessage, unknown]
  >) {
    const id = chunk.id ?? `unnamed ${whole.size}`;
    const before = whole.get(id) as (BaseMessage & { concat?: (chunk: BaseMessage) => BaseMessage }) | undefined;
    whole.set(id, before?.concat === undefined ? chunk : before.concat(chunk));
  }
  return essence([...(input as State).messages, ...whole.values()]);
}

async function fromEvents(graph: WrappedAgent, input: Input, config: Config): Promise<readonly Essence[]> {
  let output: unknown;
  for await (const event of graph.streamEvents(input, { ...config, version: "v2" }))
    if (event.event === "on_chain_end") output = event.data.output;
  return essence(isState(output) ? output.messages : []);
}

const fromInvoke: Mode = async (graph, input, config) =>
  essence(((await graph.invoke(input, config)) as State).messages);

/** Every way a graph is run. `invoke` is the one the others are held against. */
export const MODES: Readonly<Record<string, Mode>> = {
  invoke: fromInvoke,
  "stream values": async (graph, input, config) => last(await graph.stream(input, { ...config, streamMode: "values" })),
  "stream updates": fromUpdates,
  "stream messages": fromMessages,
  "streamEvents v2": fromEvents,
  batch: async (graph, input, config) => essence(((await graph.batch([input], [config]))[0] as State).messages),
  getState: async (graph, input, config) => {
    await graph.invoke(input, config);
    return essence(((await graph.getState(config)).values as State).messages);
  },
};
