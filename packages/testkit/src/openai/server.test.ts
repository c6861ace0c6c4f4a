import { request as httpRequest } from "node:http";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fakeClock, openAIServer, type OpenAIServer, scriptedTool, type ServerScript } from "../index.js";

const usageOf = (message: unknown): unknown => (message as { usage_metadata?: unknown }).usage_metadata;
const client = (server: OpenAIServer, more: object = {}): ChatOpenAI =>
  new ChatOpenAI({ model: "script-1", apiKey: "none", maxRetries: 0, configuration: { baseURL: server.url }, ...more });
const start = (script: ServerScript, more: object = {}): Promise<OpenAIServer> => openAIServer({ script, ...more });
const post = (server: OpenAIServer, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}/chat/completions`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
const ask = { model: "m", messages: [{ role: "user", content: "hi" }] };
const usage = { input: 20, output: 7, cacheRead: 8, reasoning: 3 };
const reported = {
  input_tokens: 20,
  output_tokens: 7,
  total_tokens: 27,
  input_token_details: { cache_read: 8 },
  output_token_details: { reasoning: 3 },
};

describe("openAIServer with the real ChatOpenAI", () => {
  it("answers invoke and stream, with usage and its details", async () => {
    await using server = await start(() => ({ say: "Hello there, world", usage }));
    const whole = await client(server).invoke([new HumanMessage("hi")]);
    expect([whole.text, usageOf(whole), whole.response_metadata["model_name"]]).toEqual([
      "Hello there, world",
      reported,
      "script-1",
    ]);
    const pieces: string[] = [];
    let last: unknown;
    for await (const chunk of await client(server).stream("hi")) {
      pieces.push(chunk.text);
      last = usageOf(chunk) ?? last;
    }
    expect(pieces.filter((piece) => piece !== "")).toEqual(["Hello ", "there, ", "world"]);
    expect(last).toEqual(reported);
    expect(server.requests.map(({ stream, outcome, index, model }) => [stream, outcome, index, model])).toEqual([
      [false, "complete", 0, "script-1"],
      [true, "complete", 1, "script-1"],
    ]);
    expect(server.requests[0]?.messages).toEqual([{ role: "user", content: "hi" }]);
  });

  it("calls tools in parallel through a ToolNode, invoked and streamed", async () => {
    const add = scriptedTool("add", ({ a, b }) => a + b, { schema: z.object({ a: z.number(), b: z.number() }) });
    await using server = await start(({ messages }) =>
      messages.at(-1)?.role === "user"
        ? {
            say: "Adding",
            calls: [
              { name: "add", args: { a: 1, b: 2 } },
              { name: "add", args: { a: 3, b: 4 } },
            ],
          }
        : {
            say: messages
              .filter(({ role }) => role === "tool")
              .map(({ content }) => String(content))
              .join(" and "),
          },
    );
    const model = client(server).bindTools([add]);
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addNode("tools", new ToolNode([add]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition, { tools: "tools", [END]: END })
      .addEdge("tools", "agent")
      .compile();
    const input = { messages: [new HumanMessage("add")] };
    const out = await graph.invoke(input);
    expect(out.messages.at(-1)?.text).toBe("3 and 7");
    expect(out.messages.filter((message) => message instanceof ToolMessage)).toHaveLength(2);
    let text = "";
    for await (const [chunk] of await graph.stream(input, { streamMode: "messages" })) text += chunk.text;
    expect(text).toContain("3 and 7");
    expect(add.callCount).toBe(4);
    expect(server.requests[0]?.tools).toEqual(["add"]);
    expect(server.requests.map(({ stream }) => stream)).toEqual([false, false, true, true]);
  });

  it("gives structured output by schema and by function call", async () => {
    const schema = z.object({ city: z.string() });
    await using server = await start(({ tools }) =>
      tools[0] === undefined ? { say: '{"city":"Oslo"}' } : { call: { name: tools[0], args: { city: "Rome" } } },
    );
    expect(await client(server).withStructuredOutput(schema, { method: "jsonSchema" }).invoke("where?")).toEqual({
      city: "Oslo",
    });
    expect(await client(server).withStructuredOutput(schema, { method: "functionCalling" }).invoke("where?")).toEqual({
      city: "Rome",
    });
  });

  it("turns 429 into the client's error, with retry-after and a retry that succeeds", async () => {
    await using server = await start([
      { status: 429, retryAfter: 2, message: "slow down" },
      { status: 429, retryAfter: 0 },
      { say: "at last" },
      { status: 500 },
      { status: 401 },
      { status: 400, code: "context_length_exceeded", message: "too long" },
    ]);
    const error = await client(server)
      .invoke("hi")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      status: 429,
      lc_error_code: "MODEL_RATE_LIMIT",
      message: expect.stringContaining("slow down") as string,
    });
    expect((error as { headers: Headers }).headers.get("retry-after")).toBe("2");
    expect((await client(server, { maxRetries: 2 }).invoke("hi")).text).toBe("at last");
    await expect(client(server).invoke("hi")).rejects.toMatchObject({ status: 500 });
    await expect(client(server).invoke("hi")).rejects.toMatchObject({
      status: 401,
      lc_error_code: "MODEL_AUTHENTICATION",
    });
    await expect(client(server).invoke("hi")).rejects.toThrow("too long");
    expect(server.requests.map(({ outcome }) => outcome)).toEqual([
      "refused",
      "refused",
      "complete",
      "refused",
      "refused",
      "refused",
    ]);
  });

  it("sees the client go away: abort closes the socket in every phase", async () => {
    await using server = await start(({ index }) =>
      index < 2 ? { hang: true } : { say: "a b c d", delayMs: 600_000 },
    );
    for (const run of [
      (signal: AbortSignal) => client(server).invoke("x", { signal }),
      async (signal: AbortSignal) => {
        for await (const _ of await client(server).stream("x", { signal }));
      },
      (signal: AbortSignal) => client(server).invoke("x", { signal }),
      async (signal: AbortSignal) => {
        for await (const _ of await client(server).stream("x", { signal }));
      },
    ]) {
      const before = server.requestCount;
      const stop = new AbortController();
      const running = run(stop.signal).then(
        () => "ended",
        () => "failed",
      );
      while (server.requestCount === before) await new Promise((resolve) => setTimeout(resolve, 1));
      stop.abort();
      expect(await running).toBe("failed");
      expect(await server.requests.at(-1)?.ended).toBe("aborted");
      expect(server.requests.at(-1)?.signal.aborted).toBe(true);
    }
  });

  it("sees a consumer stop reading a stream", async () => {
    await using server = await start([{ say: "a ".repeat(200), delayMs: 5 }]);
    for await (const chunk of await client(server).stream("x")) if (chunk.text.startsWith("a")) break;
    expect(await server.requests[0]?.ended).toBe("aborted");
  });

  it("breaks the connection midway, which the client reports as an error", async () => {
    await using server = await start([
      { say: "one two three", breakAfter: 2 },
      { say: "never read", breakAfter: 0 },
      { say: "x", breakAfter: 1 },
    ]);
    const seen: string[] = [];
    await expect(async () => {
      for await (const chunk of await client(server).stream("x")) seen.push(chunk.text);
    }).rejects.toThrow(/terminated|closed|reset|hang up|[Cc]onnection/);
    expect(seen.join("")).toBe("one ");
    await expect(async () => {
      for await (const _ of await client(server).stream("x"));
    }).rejects.toThrow(/terminated|closed|reset|hang up|[Cc]onnection/);
    await expect(client(server).invoke("x")).rejects.toThrow(
      /terminated|closed|reset|hang up|[Cc]onnection|Invalid response body/,
    );
    expect(await Promise.all(server.requests.map(({ ended }) => ended))).toEqual(["broken", "broken", "broken"]);
  });

  it("throws a scripted error at once, or as an event in the middle of a stream", async () => {
    await using server = await start([
      { throw: new Error("boom") },
      { throw: new Error("boom") },
      { say: "half ", throw: new Error("boom") },
    ]);
    await expect(client(server).invoke("x")).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining("boom") as string,
    });
    await expect(async () => {
      for await (const _ of await client(server).stream("x"));
    }).rejects.toMatchObject({ status: 500 });
    const seen: string[] = [];
    await expect(async () => {
      for await (const chunk of await client(server).stream("x")) seen.push(chunk.text);
    }).rejects.toThrow("boom");
    expect(seen.join("")).toBe("half ");
  });
});

describe("openAIServer on the wire", () => {
  it("sends usage in a stream only when it is asked for, as null before the last event", async () => {
    await using server = await start(() => ({ say: "a b", usage }));
    const events = async (body: object): Promise<{ usage?: unknown; choices: unknown[] }[]> => {
      const lines = (await (await post(server, body)).text()).trim().split("\n\n");
      expect(lines.at(-1)).toBe("data: [DONE]");
      return lines
        .slice(0, -1)
        .map((line) => JSON.parse(line.slice("data: ".length)) as { usage?: unknown; choices: unknown[] });
    };
    expect((await events({ ...ask, stream: true })).map((event) => "usage" in event)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const asked = await events({ ...ask, stream: true, stream_options: { include_usage: true } });
    expect(asked.map((event) => event.usage)).toEqual([
      null,
      null,
      null,
      null,
      {
        prompt_tokens: 20,
        completion_tokens: 7,
        total_tokens: 27,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    ]);
    expect(asked.at(-1)?.choices).toEqual([]);
  });

  it("refuses what is no completion request, and lists models", async () => {
    await using server = await start([], { models: ["a", "b"], maxBodyBytes: 100 });
    const status = async (answer: Promise<Response>): Promise<[number, string]> => {
      const response = await answer;
      return [response.status, ((await response.json()) as { error: { message: string } }).error.message];
    };
    expect(await status(post(server, "{"))).toEqual([400, "The body is not JSON."]);
    expect(await status(post(server, "[]"))).toEqual([400, "The body is not an object."]);
    expect(await status(post(server, { messages: ask.messages }))).toEqual([
      400,
      "You must provide a model parameter.",
    ]);
    expect(await status(post(server, { model: "m", messages: [] }))).toEqual([
      400,
      "messages is not a list of messages.",
    ]);
    expect(await status(post(server, { ...ask, pad: "x".repeat(200) }))).toEqual([
      413,
      "The body is larger than 100 bytes.",
    ]);
    expect(await status(fetch(`${server.url}/chat/completions`))).toEqual([405, "GET is not allowed here."]);
    expect(await status(fetch(`${server.url}/embeddings`))).toEqual([404, "There is nothing at /v1/embeddings."]);
    expect(server.requestCount).toBe(0);
    const models = (await (await fetch(`${server.url}/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("tells the client what is wrong with the script", async () => {
    await using server = await start([{ nonsense: 1 } as never]);
    for (const code of ["SCRIPT_INVALID", "SCRIPT_EXHAUSTED"]) {
      const response = await post(server, ask);
      expect([response.status, ((await response.json()) as { error: { message: string } }).error.message]).toEqual([
        500,
        expect.stringContaining(code),
      ]);
    }
  });

  it("waits on a given clock, forgets the oldest requests, and counts them all", async () => {
    const clock = fakeClock("2026-05-01");
    await using server = await start(() => ({ say: "x", delayMs: 1_000 }), { clock, keep: 2 });
    for (let index = 0; index < 3; index++) {
      const answer = post(server, ask);
      while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      clock.advance(1_000);
      expect(((await (await answer).json()) as { created: number }).created).toBe(
        Math.floor((clock.now() - 1_000) / 1_000),
      );
    }
    expect([server.requests.map(({ index }) => index), server.requestCount]).toEqual([[1, 2], 3]);
  });

  it("ends open requests when it closes, and closes twice", async () => {
    const server = await start([{ hang: true }]);
    const answer = post(server, { ...ask, stream: true }).then((response) => response.text());
    const failed = answer.then(
      () => "ended",
      () => "failed",
    );
    while (server.requestCount === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await server.close();
    await server.close();
    expect([await failed, await server.requests[0]?.ended]).toEqual(["failed", "aborted"]);
    await expect(fetch(`${server.url}/models`)).rejects.toThrow("fetch failed");
    await using other = await openAIServer();
    await expect(openAIServer({ port: other.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("survives a client that sends half a body", async () => {
    await using server = await start(() => ({ say: "ok" }));
    await new Promise<void>((resolve) => {
      const half = httpRequest(`${server.url}/chat/completions`, {
        method: "POST",
        headers: { "content-length": 1000 },
      });
      half.on("error", () => resolve());
      half.write("{");
      setTimeout(() => half.destroy(), 10);
    });
    expect((await post(server, ask)).status).toBe(200);
    expect(server.requestCount).toBe(1);
  });
});
