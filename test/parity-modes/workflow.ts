import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { Annotation, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { type ScriptedModel, scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import { z } from "zod";

/** What the driver of a cell and the code inside its run tell each other. */
export interface Signals {
  /** Code inside the run has come to the point where the driver acts. */
  reached(): void;
  /** Resolves when the driver lets go of what waits inside. */
  readonly released: Promise<void>;
}

/** What the model of a conversation does is its first human message: the same graph serves all outcomes, also on a server. */
export type Topic =
  | "ok"
  | "model error"
  | "retried"
  | "tool error"
  | "tool error, not handled"
  | "denied tool"
  | "asked tool"
  | "denied model"
  | "denied output"
  | "hanging model"
  | "hanging tool"
  | "stubborn tool";

/** Tokens of the call that asks for a tool, and of the one that answers. */
export const USAGE = { asks: { input: 10, output: 5 }, answers: { input: 20, output: 7, cacheRead: 4 } } as const;
/** What a whole conversation of two calls adds up to. */
export const TOTAL = { input: 30, output: 12, total: 42, cacheRead: 4, cacheWrite: null, reasoning: null };
export const ASKED = { input: 10, output: 5, total: 15, cacheRead: null, cacheWrite: null, reasoning: null };

export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly lc_error_code = "MODEL_RATE_LIMIT";
}
class FlakyError extends Error {
  override readonly name = "FlakyError";
}

const TOOL_OF: Partial<Record<Topic, string>> = {
  "tool error": "broken",
  "tool error, not handled": "broken",
  "denied tool": "refund",
  "asked tool": "wire",
  "hanging tool": "wait",
  "stubborn tool": "stubborn",
};

function script(signals: Signals): (messages: readonly BaseMessage[]) => Step {
  const failedOnce = new Set<unknown>();
  return (messages) => {
    const at = messages.findLastIndex((message) => message.type === "human");
    const topic = (messages[at]?.text ?? "") as Topic;
    if (topic === "model error") return { throw: new ProviderError("429: slow down") };
    if (topic === "hanging model") {
      signals.reached();
      return { say: "half an ans", hang: true };
    }
    if (topic === "retried" && !failedOnce.has(messages[at]?.id)) {
      failedOnce.add(messages[at]?.id);
      return { throw: new FlakyError("try again") };
    }
    if (messages.slice(at + 1).some((message) => message.type === "tool"))
      return { say: `all about ${topic}`, usage: USAGE.answers };
    return { call: { name: TOOL_OF[topic] ?? "search", args: { q: topic } }, usage: USAGE.asks };
  };
}

const schema = z.object({ q: z.string() });

export function makeTools(signals: Signals) {
  return [
    scriptedTool("search", ({ q }) => `3 articles on ${q}`, { schema }),
    scriptedTool("wire", ({ q }) => `wired ${q}`, { schema }),
    scriptedTool("refund", ({ q }) => `refunded ${q}`, { schema }),
    scriptedTool("broken", new Error("the tool is broken"), { schema }),
    // Gives up when its run is aborted.
    scriptedTool(
      "wait",
      (_args, config) =>
        new Promise((_, reject) => {
          const gone = (): void => reject(config?.signal?.reason as Error);
          if (config?.signal?.aborted === true) return gone();
          config?.signal?.addEventListener("abort", gone, { once: true });
          signals.reached();
        }),
      { schema },
    ),
    // Takes no notice of an abort: its end comes after the run's.
    scriptedTool(
      "stubborn",
      async () => {
        signals.reached();
        await signals.released;
        return "late";
      },
      { schema },
    ),
  ] as const;
}

export const State = Annotation.Root({ ...MessagesAnnotation.spec, ask: Annotation<boolean>() });
export type Input = typeof State.Update;

export interface WorkflowOptions {
  readonly signals: Signals;
  /** Governs the model, or leaves it closed over in a node. Default: leaves it. */
  readonly throughModel?: (model: ScriptedModel) => ScriptedModel;
}

export interface Built {
  readonly builder: ReturnType<typeof builderOf>;
  readonly model: ScriptedModel;
  readonly tools: ReturnType<typeof makeTools>;
}

function builderOf(model: ScriptedModel, tools: ReturnType<typeof makeTools>) {
  const route = ({ messages }: typeof State.State): string => {
    const last = messages.at(-1) as AIMessage;
    if ((last.tool_calls ?? []).length === 0) return "__end__";
    return messages.findLast((message) => message.type === "human")?.text === "tool error, not handled"
      ? "strict"
      : "tools";
  };
  return (
    new StateGraph(State)
      // A person is asked where the input says so; the run that resumes goes the same way as one that was not asked.
      .addNode("gate", ({ ask }) => (ask ? { ask: !(interrupt("go on?") === "yes") } : {}))
      .addNode(
        "agent",
        async ({ messages }, config) => {
          config.writer?.({ messages: messages.length });
          return { messages: [await model.invoke(messages, config)] };
        },
        {
          retryPolicy: {
            maxAttempts: 2,
            initialInterval: 1,
            maxInterval: 1,
            jitter: false,
            logWarning: false,
            retryOn: (error: Error) => error.name === "FlakyError",
          },
        },
      )
      .addNode("tools", new ToolNode([...tools]))
      .addNode("strict", new ToolNode([...tools], { handleToolErrors: false }))
      .addEdge(START, "gate")
      .addEdge("gate", "agent")
      .addConditionalEdges("agent", route, ["tools", "strict", "__end__"])
      .addEdge("tools", "agent")
      .addEdge("strict", "agent")
  );
}

/** The workflow of all cells: gate -> agent -> tools -> agent. */
export function buildWorkflow({ signals, throughModel = (model) => model }: WorkflowOptions): Built {
  const tools = makeTools(signals);
  const model = scriptedModel(script(signals));
  return { builder: builderOf(throughModel(model.bindTools([...tools])), tools), model, tools };
}

let asked = 0;
/** A fresh question; its id tells the model's script one conversation from another. */
export const question = (topic: Topic, ask = false): Input => ({
  messages: [new HumanMessage({ id: `question-${++asked}`, content: topic })],
  ask,
});
