import { ChatOpenAI } from "@langchain/openai";
import { type OpenAIRequest, openAIServer, type ServerStep } from "@graphtap/testkit";

/** A model to talk to, and what it is called on the screen. */
export interface Provider {
  readonly llm: ChatOpenAI;
  readonly label: string;
  close(): Promise<void>;
}

/**
 * The real OpenAI client. With OPENAI_API_KEY it talks to OpenAI, or to what OPENAI_BASE_URL names; without, to a small
 * server in this process that speaks the same protocol and plays a script.
 */
export async function openProvider(env: NodeJS.ProcessEnv = process.env): Promise<Provider> {
  const apiKey = env["OPENAI_API_KEY"];
  if (apiKey !== undefined && apiKey !== "") {
    const model = env["MODEL"] ?? "gpt-5-mini";
    const baseURL = env["OPENAI_BASE_URL"];
    const llm = new ChatOpenAI({ model, apiKey, ...(baseURL === undefined ? {} : { configuration: { baseURL } }) });
    return { llm, label: `${model} at ${baseURL ?? "OpenAI"}`, close: () => Promise.resolve() };
  }
  const server = await openAIServer({ script: play });
  const llm = new ChatOpenAI({
    model: "shop-1",
    apiKey: "none",
    maxRetries: 0,
    configuration: { baseURL: server.url },
  });
  return {
    llm,
    label: "a scripted model behind a local OpenAI-compatible server (set OPENAI_API_KEY for a real one)",
    close: () => server.close(),
  };
}

const text = (content: unknown): string => (typeof content === "string" ? content : JSON.stringify(content ?? ""));

/** Answers as a cautious model would: it looks orders up, pays back when asked, and reports what the tools said. */
function play({ messages }: OpenAIRequest): ServerStep {
  const last = messages.at(-1);
  const delayMs = 12;
  if (last?.role === "tool") {
    const said = text(last.content);
    if (!said.startsWith("PERMISSION_NOT_GRANTED")) return { say: said, delayMs };
    return { say: "I am not allowed to pay orders back for you. A support lead can do it.", delayMs };
  }
  // The order's number may have been said turns ago: that the model still sees it is the workflow's memory.
  const orderId = messages
    .map((message) => /\b[A-Z]-\d+\b/.exec(text(message.content))?.[0])
    .findLast((id) => id !== undefined);
  if (orderId === undefined) return { say: "Which order is it about?", delayMs };
  const name = /pay|refund|money/i.test(text(last?.content)) ? "refund" : "lookup_order";
  return { call: { name, args: { orderId } } };
}
