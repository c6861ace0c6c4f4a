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
    model: "desk-1",
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

type Message = OpenAIRequest["messages"][number];
const textOf = ({ content }: Message): string =>
  typeof content === "string" ? content : JSON.stringify(content ?? "");
const firstLine = (text: string): string => text.split("\n")[0] ?? "";

/** Answers as a helpful model would: calls the tool that fits, reports what it said, quotes what was found. */
function play({ messages, tools }: OpenAIRequest): ServerStep {
  const delayMs = 5;
  const last = messages.at(-1);
  const system = messages
    .filter(({ role }) => role === "system")
    .map(textOf)
    .join("\n");
  if (last?.role === "tool") return { say: reported(textOf(last)), delayMs };
  // What a retriever found comes before the question.
  const told = messages.filter(({ role }) => role === "user").map(textOf);
  const [found = "", asked = ""] = ["", ...told].slice(-2);
  const call = tools.length === 0 ? null : chosen(asked, tools);
  if (call !== null) return { call, delayMs };
  if (system.includes("how upset")) return { say: "Very.", delayMs };
  if (system.includes("Write the report"))
    return { say: "Incident: checkout fails; payment provider; offer bank transfer.", delayMs };
  const article = /<document[^>]*>\n# (.+)\n+([^\n]+)/.exec(found);
  if (article !== null) return { say: `From "${article[1]}": ${article[2]} ...`, delayMs };
  return { say: `I have read: "${firstLine(asked).slice(0, 90)}"`, delayMs };
}

function reported(said: string): string {
  const refusal = /^([A-Z_]+): (.*)/.exec(said);
  if (refusal !== null) return `I cannot do that for you (${refusal[1]}).`;
  return said;
}

function chosen(asked: string, tools: readonly string[]) {
  const has = (name: string): boolean => tools.includes(name);
  const orderId = /\b[A-Z]-\d+\b/.exec(asked)?.[0];
  if (has("refund") && orderId !== undefined && /refund|pay .* back/i.test(asked))
    return { name: "refund", args: { orderId } };
  if (has("web_search") && /carrier|strike|web/i.test(asked))
    return { name: "web_search", args: { query: asked.slice(0, 60) } };
  if (has("lookup_order") && orderId !== undefined) return { name: "lookup_order", args: { orderId } };
  const file = /\b(\w+\.(?:txt|env))\b/.exec(asked)?.[1];
  if (has("file_manager") && file !== undefined)
    return { name: "file_manager", args: { method: /delete/i.test(asked) ? "delete" : "read", path: file } };
  const sum = /\d[\d .]*[-+*/][\d .+\-*/]*\d/.exec(asked)?.[0];
  if (has("calculator") && sum !== undefined) return { name: "calculator", args: { expression: sum } };
  if (has("web_search") && /carrier|strike|web/i.test(asked))
    return { name: "web_search", args: { query: asked.slice(0, 60) } };
  return null;
}
