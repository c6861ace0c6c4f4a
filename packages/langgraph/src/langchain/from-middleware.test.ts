import {
  AIMessage,
  type BaseMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { Command, InMemoryStore, interrupt } from "@langchain/langgraph";
import { scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import {
  createAgent,
  createMiddleware,
  dynamicSystemPromptMiddleware,
  modelFallbackMiddleware,
  modelRetryMiddleware,
  todoListMiddleware,
  toolRetryMiddleware,
} from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createStack, definePlugin, deny, hooks, type PluginInput } from "../index.js";
import { fromMiddleware, type MiddlewareLike } from "../langchain.js";

const ask = (content: string) => ({ messages: [{ role: "user", content }] });
const stackOf = (...plugins: PluginInput[]) => createStack({ plugins });
const tap = (name: string, setup: Parameters<typeof definePlugin>[0]["setup"]) =>
  definePlugin({ name, version: "1.0.0", identity: "none", setup })();
const retry = () => toolRetryMiddleware({ maxRetries: 2, initialDelayMs: 0, jitter: false });
const once =
  (name: string, args: Record<string, unknown>) =>
  (messages: readonly BaseMessage[]): Step =>
    messages.at(-1)?.type === "human" ? { call: { name, args } } : { say: `saw ${messages.at(-1)?.text}` };
const payTool = (answer: unknown) => scriptedTool("pay", answer as string, { schema: z.object({ id: z.number() }) });
const failing = (times: number) => {
  let left = times;
  return () => {
    if (left-- > 0) throw new Error("busy");
    return "paid";
  };
};
const desk = (stack: ReturnType<typeof stackOf>, pay: ReturnType<typeof payTool>, memory = false) =>
  stack.createWorkflow({
    mode: "tools",
    llm: scriptedModel(once("pay", { id: 1 })),
    tools: [pay],
    enableMemory: memory,
  });
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "none",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe("fromMiddleware: tools", () => {
  it("retries tools of any graph, judging every attempt", async () => {
    const judged: string[] = [];
    const guard = tap("guard", (api) => void api.tap(hooks.tool.authorize, (call) => void judged.push(call.name)));
    const pay = payTool(failing(2));
    const out = await (await desk(stackOf(guard, fromMiddleware(retry())), pay)).invoke(ask("x"));
    expect(out.messages.at(-1)?.text).toBe("saw paid");
    expect([pay.callCount, judged.length]).toEqual([3, 3]);
  });

  it("gives up as the middleware says, in a graph, on a wrapped agent and on a bare call", async () => {
    for (const make of [
      (stack: ReturnType<typeof stackOf>, pay: ReturnType<typeof payTool>) => desk(stack, pay),
      async (stack: ReturnType<typeof stackOf>, pay: ReturnType<typeof payTool>) =>
        stack.wrap(createAgent({ model: scriptedModel(once("pay", { id: 1 })), tools: [pay] })),
    ]) {
      const pay = payTool(failing(99));
      const graph = await make(stackOf(fromMiddleware(retry())), pay);
      const { messages } = await graph.invoke(ask("x"));
      expect(messages.at(-1)?.text).toBe("saw Tool 'pay' failed after 3 attempts with Error");
      expect((messages.at(-2) as ToolMessage).status).toBe("error");
      expect(pay.callCount).toBe(3);
    }
    const stack = stackOf(fromMiddleware(retry()));
    expect(await code(stack.wrapTool(payTool(failing(99))).invoke({ id: 1 }))).toBe("busy");
    expect(await stack.wrapTool(payTool(failing(1))).invoke({ id: 1 })).toBe("paid");
  });

  it("cannot swallow an interrupt, which the middleware itself would have retried and turned into a failure", async () => {
    const pay = payTool(() => `human said ${String(interrupt("sure?"))}`);
    const qa = await desk(stackOf(fromMiddleware(retry())), pay, true);
    const config = { configurable: { thread_id: "t" } };
    const paused = await qa.invoke(ask("x"), config);
    expect((paused as unknown as { __interrupt__: { value: unknown }[] }).__interrupt__[0]?.value).toBe("sure?");
    expect(pay.callCount).toBe(1);
    expect((await qa.invoke(new Command({ resume: "yes" }), config)).messages.at(-1)?.text).toBe("saw human said yes");
  });

  it("cannot turn a refusal into a result", async () => {
    let judged = 0;
    const second = tap(
      "second",
      (api) => void api.tap(hooks.tool.authorize, () => (judged++ > 0 ? deny("ONCE", "Only once.") : undefined)),
    );
    const pay = payTool(failing(99));
    const out = await (await desk(stackOf(second, fromMiddleware(retry())), pay)).invoke(ask("x"));
    expect(out.messages.at(-1)?.text).toBe("saw ONCE: Only once.");
    expect(pay.callCount).toBe(1);
  });

  it("judges arguments again that the middleware changed", async () => {
    const small = tap(
      "small",
      (api) =>
        void api.tap(hooks.tool.authorize, (call) =>
          (call.parsed as { id: number }).id > 10 ? deny("BIG", "Too big.") : undefined,
        ),
    );
    const changing = (args: unknown) =>
      fromMiddleware(
        createMiddleware({
          name: "changing",
          wrapToolCall: (request, handler) =>
            handler({ ...request, toolCall: { ...request.toolCall, args: args as Record<string, unknown> } }),
        }),
      );
    const pay = payTool("paid");
    expect(
      (await (await desk(stackOf(small, changing({ id: 999 })), pay)).invoke(ask("x"))).messages.at(-1)?.text,
    ).toBe("saw BIG: Too big.");
    expect(pay.callCount).toBe(0);
    expect((await (await desk(stackOf(small, changing({ id: 2 })), pay)).invoke(ask("x"))).messages.at(-1)?.text).toBe(
      "saw paid",
    );
    expect(pay.calls.map(({ args }) => args)).toEqual([{ id: 2 }]);
  });

  it("answers itself, changes results, and shows state and runtime", async () => {
    const seen: unknown[] = [];
    const answering = createMiddleware({
      name: "answering",
      contextSchema: z.object({ region: z.string().default("eu") }),
      wrapToolCall: async (request, handler) => {
        seen.push([
          request.tool?.name,
          request.state.messages.length,
          request.runtime.context,
          request.runtime.configurable?.thread_id,
          Object.keys(request.runtime.configurable ?? {}).filter((key) => key.startsWith("__")),
        ]);
        if ((request.toolCall.args as { id: number }).id === 7)
          return new ToolMessage({ content: "cached", tool_call_id: request.toolCall.id ?? "" });
        const result = (await handler(request)) as ToolMessage;
        return new ToolMessage({ content: `${result.text}!`, tool_call_id: result.tool_call_id });
      },
    });
    const stack = stackOf(fromMiddleware(answering));
    const pay = payTool("paid");
    const qa = await desk(stack, pay, true);
    expect((await qa.invoke(ask("x"), stack.as({ userId: "alice", conversationId: "c" }))).messages.at(-1)?.text).toBe(
      "saw paid!",
    );
    expect(seen).toEqual([["pay", 2, { region: "eu" }, "c", []]]);
    const bare = stack.wrapTool(pay);
    expect([await bare.invoke({ id: 7 }), await bare.invoke({ id: 8 })]).toEqual(["cached", "paid!"]);
    expect(pay.callCount).toBe(2);
  });

  it("names what it cannot do when the middleware tries it", async () => {
    for (const [change, named] of [
      [(request: object) => ({ ...request, tool: payTool("other") }), "request.tool"],
      [
        (request: { toolCall?: object }) => ({ ...request, toolCall: { ...request.toolCall, name: "other" } }),
        "request.toolCall.name",
      ],
    ] as const) {
      const middleware = createMiddleware({
        name: "swapping",
        wrapToolCall: (request, handler) => handler(change(request) as never),
      });
      const error = await stackOf(fromMiddleware(middleware))
        .wrapTool(payTool("x"))
        .invoke({ id: 1 })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "MIDDLEWARE_UNSUPPORTED", details: { unsupported: [named] } });
    }
    const silent = { name: "silent", wrapToolCall: async () => "text" };
    expect(await code(stackOf(fromMiddleware(silent)).wrapTool(payTool("x")).invoke({ id: 1 }))).toBe(
      "MIDDLEWARE_INVALID",
    );
  });
});

describe("fromMiddleware: models", () => {
  const talk = async (
    middleware: MiddlewareLike,
    script: Parameters<typeof scriptedModel>[0] = () => ({ say: "hi" }),
    ...more: PluginInput[]
  ) => {
    const llm = scriptedModel(script);
    const ends: unknown[] = [];
    const stack = stackOf(
      fromMiddleware(middleware),
      tap("ends", (api) => void api.tap(hooks.model.end, (end) => void ends.push([end.status, end.usage?.output]))),
      ...more,
    );
    const qa = await stack.createWorkflow({ llm, systemMessage: "Be brief." });
    return { llm, qa, ends, stack };
  };

  it("changes the system prompt of any graph's model", async () => {
    const { llm, qa } = await talk(dynamicSystemPromptMiddleware(() => "Be long."));
    await qa.invoke(ask("x"));
    expect(llm.calls[0]?.messages.map((m) => [m.type, m.text])).toEqual([
      ["system", "Be brief.Be long."],
      ["human", "x"],
    ]);
  });

  it("retries a failing model, in invoke and in a stream", async () => {
    const script: Step[] = [
      { throw: new Error("overloaded") },
      { say: "fine" },
      { say: "half", throw: new Error("cut") },
      { say: "whole answer" },
    ];
    const { llm, qa, ends } = await talk(
      modelRetryMiddleware({ maxRetries: 1, initialDelayMs: 0, jitter: false }),
      script,
    );
    expect((await qa.invoke(ask("x"))).messages.at(-1)?.text).toBe("fine");
    const texts: string[] = [];
    for await (const [chunk] of await qa.stream(ask("x"), { streamMode: "messages" })) texts.push(chunk.text);
    expect(texts.join("")).toBe("whole answer");
    expect(llm.callCount).toBe(4);
    expect(ends).toEqual([
      ["ok", 1],
      ["ok", 3],
    ]);
  });

  it("rewrites the answer and keeps what it cost", async () => {
    const loud = createMiddleware({
      name: "loud",
      wrapModelCall: async (request, handler) => new AIMessage(`${(await handler(request)).text}!`),
    });
    const { qa, ends } = await talk(loud, () => ({ say: "four", usage: { input: 3, output: 4 } }));
    expect((await qa.invoke(ask("x"))).messages.at(-1)?.text).toBe("four!");
    expect(ends).toEqual([["ok", 4]]);
  });

  it("has what it asks for judged before it is sent", async () => {
    const asking = createMiddleware({
      name: "asking",
      wrapModelCall: (request, handler) =>
        handler({ ...request, messages: [...request.messages, new HumanMessage("and the password")] }),
    });
    const guard = tap(
      "guard",
      (api) =>
        void api.tap(hooks.model.authorize, (call) =>
          call.messages.some((m) => m.text.includes("password")) ? deny("SECRET", "No passwords.") : undefined,
        ),
    );
    const { llm, qa, ends } = await talk(asking, () => ({ say: "x" }), guard);
    expect(await code(qa.invoke(ask("x")))).toBe("SECRET");
    expect(llm.callCount).toBe(0);
    expect(ends).toEqual([["denied", undefined]]);
  });

  it("shows the runtime of the node that calls the model", async () => {
    const seen: unknown[] = [];
    const looking = createMiddleware({
      name: "looking",
      wrapModelCall: async (request, handler) => {
        const { runtime } = request;
        seen.push([
          runtime.configurable?.thread_id,
          (await runtime.store?.get(["kb"], "k"))?.value["text"],
          request.state.messages.length,
        ]);
        return handler(request);
      },
    });
    const store = new InMemoryStore();
    await store.put(["kb"], "k", { text: "stored" });
    const qa = await stackOf(fromMiddleware(looking)).createWorkflow({
      llm: scriptedModel([{ say: "x" }]),
      store,
      enableMemory: true,
    });
    await qa.invoke(ask("x"), { configurable: { thread_id: "t" } });
    expect(seen).toEqual([["t", "stored", 1]]);
  });

  it("offers fewer tools and settings, in place or in a copy", async () => {
    const tools = [scriptedTool("a", "x"), scriptedTool("b", "x")];
    const fewer = createMiddleware({
      name: "fewer",
      wrapModelCall: (request, handler) => {
        request.messages.push(new HumanMessage("pushed"));
        return handler({
          ...request,
          tools: request.tools.slice(0, 1),
          toolChoice: "required",
          modelSettings: { seed: 7 },
        });
      },
    });
    const llm = scriptedModel(() => ({ say: "x" }));
    const qa = await stackOf(fromMiddleware(fewer)).createWorkflow({ mode: "tools", llm, tools });
    await qa.invoke(ask("x"));
    expect(llm.calls[0]).toMatchObject({ tools: ["a"], options: { tool_choice: "required", seed: 7 } });
    expect(llm.calls[0]?.messages.at(-1)?.text).toBe("pushed");
  });

  it("lets beforeModel change what the model sees and afterModel what it answered, with no step more", async () => {
    const both = createMiddleware({
      name: "both",
      beforeModel: (state) => ({
        messages: [new RemoveMessage({ id: state.messages[0]?.id ?? "" }), new HumanMessage("instead")],
      }),
      afterModel: {
        hook: (state) => ({
          messages: [
            new AIMessage({ id: state.messages.at(-1)?.id ?? "", content: `${state.messages.at(-1)?.text}, checked` }),
          ],
        }),
        canJumpTo: ["end"],
      },
    });
    const { llm, qa } = await talk(both);
    const steps: string[] = [];
    const messages: BaseMessage[] = [];
    for await (const update of await qa.stream(ask("x"), { streamMode: "updates" })) {
      steps.push(...Object.keys(update));
      messages.push(...((update.model?.messages as BaseMessage[] | undefined) ?? []));
    }
    expect(llm.calls[0]?.messages.map((m) => m.text)).toEqual(["Be brief.", "instead"]);
    expect(messages.map((m) => m.text)).toEqual(["hi, checked"]);
    expect(steps).toEqual(["model"]);
    const silent = createMiddleware({ name: "silent", beforeModel: () => undefined, afterModel: () => undefined });
    expect((await (await talk(silent)).qa.invoke(ask("x"))).messages.map((m) => m.text)).toEqual(["x", "hi"]);
  });

  it("names what it cannot do when the middleware tries it", async () => {
    const other = scriptedModel([]);
    const cases: [MiddlewareLike, string][] = [
      [
        createMiddleware({ name: "m", wrapModelCall: (request, handler) => handler({ ...request, model: other }) }),
        "request.model",
      ],
      [
        createMiddleware({
          name: "m",
          wrapModelCall: (request, handler) => handler({ ...request, tools: [scriptedTool("new", "x")] }),
        }),
        "request.tools (tools that the model was not offered)",
      ],
      [
        createMiddleware({
          name: "m",
          wrapModelCall: async (request) => (await (request.model as typeof other).invoke("x")) as AIMessage,
        }),
        "request.model.invoke",
      ],
      [
        createMiddleware({ name: "m", wrapModelCall: async () => new Command({ goto: "x" }) }),
        "wrapModelCall answering with a Command",
      ],
      [
        createMiddleware({ name: "m", beforeModel: { hook: () => ({ jumpTo: "end" as const }), canJumpTo: ["end"] } }),
        "beforeModel with jumpTo",
      ],
      [
        createMiddleware({ name: "m", afterModel: () => ({ messages: [new HumanMessage("more")] }) }),
        "afterModel changing more than the model's answer",
      ],
    ];
    for (const [middleware, named] of cases) {
      const { qa } = await talk(middleware);
      expect(await qa.invoke(ask("x")).catch((thrown: unknown) => thrown)).toMatchObject({
        code: "MIDDLEWARE_UNSUPPORTED",
        details: { unsupported: [named] },
      });
    }
    const twice = createMiddleware({
      name: "m",
      wrapModelCall: (request, handler) =>
        handler({ ...request, systemPrompt: "a", systemMessage: new SystemMessage("b") }),
    });
    expect(await code((await talk(twice)).qa.invoke(ask("x")))).toBe("MIDDLEWARE_INVALID");
    const fallback = await talk(modelFallbackMiddleware(other), [{ throw: new Error("down") }]);
    expect(await code(fallback.qa.invoke(ask("x")))).toBe("MIDDLEWARE_UNSUPPORTED");
  });
});

describe("fromMiddleware", () => {
  it("refuses at once what only an agent has, naming all of it", () => {
    const agentOnly = createMiddleware({
      name: "agentOnly",
      stateSchema: z.object({ n: z.number().default(0) }),
      beforeAgent: () => undefined,
      afterAgent: () => undefined,
      tools: [payTool("x")],
    });
    expect(() => fromMiddleware(agentOnly)).toThrow(
      /^\[MIDDLEWARE_UNSUPPORTED\] middleware "agentOnly" cannot be a plugin: beforeAgent, afterAgent, stateSchema, tools\./,
    );
    expect(() => fromMiddleware(todoListMiddleware())).toThrow("MIDDLEWARE_UNSUPPORTED");
  });

  it.each([null, {}, { name: "" }, { name: "empty" }, { name: "x", wrapToolCall: 5 }, { name: "x", beforeModel: 5 }])(
    "refuses %o",
    (wrong) => {
      expect(() => fromMiddleware(wrong as never)).toThrow("MIDDLEWARE_INVALID");
    },
  );

  it("is a plugin like any other: named, keyed, removable", async () => {
    expect(fromMiddleware(retry()).id).toBe("langchain-tool-retry-middleware");
    expect(fromMiddleware({ name: "PII 2!", wrapToolCall: () => undefined }).id).toBe("langchain-pii-2");
    const stack = stackOf(fromMiddleware(retry(), { key: "a" }), fromMiddleware(retry(), { key: "b" }));
    const qa = await desk(stack, payTool("paid"));
    expect((await qa.invoke(ask("x"))).messages.at(-1)?.text).toBe("saw paid");
    await stack.remove("langchain-tool-retry-middleware:a");
    await stack.remove("langchain-tool-retry-middleware:b");
    expect(stack.isTapped(hooks.tool.call)).toBe(false);
  });

  it("needs nobody's identity", async () => {
    const qa = await desk(stackOf(fromMiddleware(retry())), payTool("paid"));
    expect((await qa.invoke(ask("x"))).messages.at(-1)?.text).toBe("saw paid");
  });
});
