import { inspect } from "node:util";
import { createStack } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch";
import { type AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { BaseRetriever } from "@langchain/core/retrievers";
import { RunnableLambda } from "@langchain/core/runnables";
import { MemorySaver, MessagesAnnotation, START, StateGraph, Annotation } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const MASK = "[hidden:openai-key]";
const PARTS = Array.from({ length: KEY.length - 4 }, (_, i) => KEY.slice(i, i + 5)).filter((part) => part !== "sk-li");
const leaks = (value: unknown): string[] => {
  const seen = inspect(value, { depth: 12, getters: true, maxStringLength: null, maxArrayLength: null });
  const text = `${seen} ${JSON.stringify(value)}`;
  return [...PARTS, "hunter2"].filter((part) => text.includes(part));
};

class Leaky extends BaseRetriever {
  lc_namespace = ["test"];
  override async _getRelevantDocuments() {
    return [{ pageContent: `found ${KEY}`, metadata: { password: "hunter2" } }] as never;
  }
}

const State = Annotation.Root({ ...MessagesAnnotation.spec, note: Annotation<string> });

/** Everything at once that may show a key: a closed-over model and chain, a node, a subgraph, a retriever, a tool. */
function everything(stack: ReturnType<typeof createStack>) {
  const said = { say: `it is ${KEY} ok`, chunks: [..."it is ", ...KEY, " ok"] };
  const closed = scriptedModel([said, said, said, said]);
  const tool = scriptedTool("look", `saw ${KEY}`);
  const bad = scriptedTool("bad", () => {
    throw new Error(`no such key: ${KEY}`);
  });
  const agent = stack.wrapModel(
    scriptedModel((messages) =>
      messages.at(-1)?.type === "tool"
        ? said
        : {
            calls: [
              { name: "look", args: {} },
              { name: "bad", args: {} },
            ],
          },
    ).bindTools([tool, bad]),
  );
  const inner = new StateGraph(State)
    .addNode("inside", () => ({ note: `inner ${KEY}` }))
    .addEdge(START, "inside")
    .compile();
  return stack.wrap(
    new StateGraph(State)
      .addNode("plain", async (state, config) => {
        await dispatchCustomEvent("seen", { key: KEY }, config);
        config.writer?.({ wrote: KEY });
        return { note: `plain ${KEY}` };
      })
      .addNode("sub", inner)
      .addNode("chain", async (_state, config) => {
        await new RunnableLambda({ func: () => `lambda ${KEY}` }).invoke(`to ${KEY}`, config);
        await new Leaky().invoke(`about ${KEY}`, config);
        const chain = closed.pipe(new StringOutputParser());
        let text = "";
        for await (const piece of await chain.stream("hi", config)) text += piece;
        return { note: text };
      })
      .addNode("agent", async (state, config) => ({ messages: [await agent.invoke(state.messages, config)] }))
      .addNode("tools", new ToolNode([tool, bad]))
      .addEdge(START, "plain")
      .addEdge("plain", "sub")
      .addEdge("sub", "chain")
      .addEdge("chain", "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile({ name: "all", checkpointer: new MemorySaver() }),
  );
}

/** One governed tool and model, each saying the key once. */
function asked(stack: ReturnType<typeof createStack>) {
  const tool = scriptedTool("look", `saw ${KEY}`);
  const model = stack.wrapModel(
    scriptedModel((messages) =>
      messages.at(-1)?.type === "tool" ? { say: `it is ${KEY}!` } : { call: { name: "look", args: {} } },
    ).bindTools([tool]),
  );
  return stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addNode("tools", new ToolNode([tool]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile({ checkpointer: new MemorySaver() }),
  );
}

let thread = 0;
const as = (stack: ReturnType<typeof createStack>) => stack.as({ userId: "alice", conversationId: `t-${++thread}` });
const input = (): { messages: BaseMessage[] } => ({ messages: [new HumanMessage(`use ${KEY}`)] });
const MODES = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug", "tools"] as const;

interface Event {
  readonly event: string;
  readonly name: string;
  readonly run_id: string;
  readonly data: { readonly input?: unknown; readonly output?: unknown; readonly chunk?: unknown };
}
const TOLD = {
  v1: ["on_chain_start", "on_llm_stream", "on_llm_end", "on_parser_stream", "on_tool_end", "on_retriever_end"],
  v2: ["on_chain_start", "on_chat_model_stream", "on_chat_model_end", "on_parser_stream", "on_tool_end", "on_tool_error",
    "on_retriever_end", "on_custom_event"],
} as const; // prettier-ignore

describe("events that show what is hidden in the answer", () => {
  for (const version of ["v1", "v2"] as const)
    it(`are filtered in streamEvents ${version}: inputs, results, tokens, errors`, async () => {
      await using stack = createStack({ plugins: [content()], ungated: "report" });
      const seen = new Map<string, Event[]>();
      for await (const event of everything(stack).streamEvents(input(), { ...as(stack), version })) {
        expect(leaks(event)).toEqual([]);
        seen.set(event.event, [...(seen.get(event.event) ?? []), event as Event]);
      }
      for (const name of TOLD[version]) expect(seen.has(name), name).toBe(true);
      expect(JSON.stringify(seen.get("on_chain_start")?.[0]?.data)).toContain(`use ${MASK}`);
      expect(JSON.stringify(seen.get("on_tool_end"))).toContain(`saw ${MASK}`);
      // Of a model and a parser that no gate holds, all of the text is told, whatever the pieces, before they end.
      expect(
        seen
          .get("on_parser_stream")
          ?.map(({ data }) => data.chunk)
          .join(""),
      ).toBe(`it is ${MASK} ok`);
      const [closed] = seen.get("on_chat_model_stream") ?? [];
      const pieces = seen.get("on_chat_model_stream")?.filter(({ run_id }) => run_id === closed?.run_id) ?? [];
      if (version === "v2")
        expect(pieces.map(({ data }) => (data.chunk as AIMessageChunk).text).join("")).toBe(`it is ${MASK} ok`);
    });

  it("are filtered in streamLog", async () => {
    await using stack = createStack({ plugins: [content()], ungated: "report" });
    let entries = 0;
    const found: string[] = [];
    for await (const patch of everything(stack).streamLog(input() as never, as(stack) as never)) {
      entries++;
      found.push(...leaks(patch));
    }
    expect(found).toEqual([]);
    expect(entries).toBeGreaterThan(20);
  });

  it("are filtered in streamEvents v3 and in every stream mode", async () => {
    await using stack = createStack({ plugins: [content()], ungated: "report" });
    const run = (await everything(stack).streamEvents(
      input() as never,
      { ...as(stack), version: "v3" } as never,
    )) as unknown as AsyncIterable<unknown> & { readonly output: Promise<unknown> };
    for await (const event of run) expect(leaks(event)).toEqual([]);
    expect(leaks(await run.output)).toEqual([]);
    for (const mode of [...MODES, [...MODES]])
      for (const subgraphs of [false, true])
        for await (const chunk of await everything(stack).stream(input(), {
          ...as(stack),
          streamMode: mode as never,
          subgraphs,
        }))
          expect(leaks(chunk)).toEqual([]);
  });

  it("do not count a second time what was found where it was made", async () => {
    const counts = async (run: (stack: ReturnType<typeof createStack>) => Promise<unknown>): Promise<unknown> => {
      await using stack = createStack({ plugins: [content()] });
      await run(stack);
      return stack.get(content).stats().triggers;
    };
    const all = async (events: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of events);
    };
    const invoked = await counts((stack) => asked(stack).invoke(input(), as(stack)));
    expect(JSON.stringify(invoked)).toContain('"count":1');
    for (const version of ["v1", "v2"] as const)
      expect(await counts((stack) => all(asked(stack).streamEvents(input(), { ...as(stack), version })))).toEqual(
        invoked,
      );
  });

  it("fail no run because of what they would show: what blocks is hidden in them", async () => {
    await using stack = createStack({
      plugins: [content({ personal: { output: "block", toolResult: "block", input: "allow" } })],
    });
    const tool = scriptedTool("look", "thea@example.com");
    const graph = stack.wrap(
      new StateGraph(State)
        .addNode("use", async (_state, config) => {
          const seen = await stack
            .wrapTool(tool)
            .invoke({ type: "tool_call", id: "1", name: "look", args: {} }, config);
          return { note: String(seen.content).slice(0, 15) };
        })
        .addEdge(START, "use")
        .compile(),
    );
    const texts: string[] = [];
    for await (const event of graph.streamEvents({ note: "hi" }, { ...as(stack), version: "v2" }))
      texts.push(JSON.stringify(event));
    expect(texts.join()).not.toContain("thea@");
    expect(texts.find((text) => text.includes("on_tool_end"))).toContain("[hidden:email]");
    expect(texts.at(-1)).toContain("CONTENT_BLOCKED");
  });
});
