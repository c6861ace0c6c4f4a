import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";
import { Command, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { openAIServer, scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import { createAgent, createMiddleware, initChatModel, toolRetryMiddleware } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createStack, definePlugin, deny, escalate, hooks, isDenied, type PluginInput } from "../index.js";
import { asMiddleware } from "../langchain.js";

/** LangChain's own middlewares do not compile under exactOptionalPropertyTypes. */
const loose = (middleware: unknown) => middleware as ReturnType<typeof asMiddleware>;
const ask = (content: string) => ({ messages: [{ role: "user", content }] });
const tap = (name: string, setup: Parameters<typeof definePlugin>[0]["setup"]) =>
  definePlugin({ name, version: "1.0.0", identity: "none", setup })();
/** Notes what happened; refuses what it is told to. */
function watcher(refused: readonly string[] = []) {
  const seen: string[] = [];
  const plugin = tap("watch", (api) => {
    api.tap(hooks.tool.authorize, (call) => {
      seen.push(`judge ${call.name} ${JSON.stringify(call.parsed)}`);
      return refused.includes(call.name) ? deny("CLOSED", `"${call.name}" is closed.`) : undefined;
    });
    api.tap(hooks.tool.start, (start) => void seen.push(`start ${start.name}`));
    api.tap(hooks.tool.end, (end) => void seen.push(`end ${end.name} ${end.status}`));
    api.tap(hooks.tool.denied, (denied) => void seen.push(`denied ${denied.name} ${denied.code}`));
    api.tap(hooks.model.end, (end) => void seen.push(`model ${end.status}`));
    api.tap(hooks.run.end, (end) => void seen.push(`run ${end.status}`));
  });
  return { seen, plugin };
}
const stackOf = (...plugins: PluginInput[]) => createStack({ name: "desk", plugins });
const once =
  (...calls: { name: string; args: Record<string, unknown> }[]) =>
  (messages: readonly BaseMessage[]): Step =>
    messages.at(-1)?.type === "human"
      ? { calls }
      : {
          say: `saw ${messages
            .filter((m) => m.type === "tool")
            .map((m) => m.text)
            .join(" | ")}`,
        };
const refundOnce = once({ name: "refund", args: { id: 1 } });
const refundTool = (answer: unknown = "paid") =>
  scriptedTool("refund", answer as string, { schema: z.object({ id: z.number() }) });
const tools = (messages: readonly BaseMessage[]) =>
  messages.filter((message): message is ToolMessage => ToolMessage.isInstance(message));
const versions = ["v1", "v2"] as const;

describe.each(versions)("asMiddleware, agent version %s", (version) => {
  it("denies a tool by itself: the run goes on, the tool does not run", async () => {
    const { seen, plugin } = watcher(["refund"]);
    const refund = refundTool();
    const agent = createAgent({
      version,
      model: scriptedModel(refundOnce),
      tools: [refund],
      middleware: [asMiddleware(stackOf(plugin))],
    });
    const out = await agent.invoke(ask("go"));
    expect(tools(out.messages).map(isDenied)).toEqual([true]);
    expect(out.messages.at(-1)?.text).toBe('saw CLOSED: "refund" is closed.');
    expect(refund.callCount).toBe(0);
    expect(seen).toEqual(["model ok", 'judge refund {"id":1}', "denied refund CLOSED", "model ok"]);
  });

  it("judges once what a wrapped agent judges too", async () => {
    for (const refused of [[], ["refund"]]) {
      const { seen, plugin } = watcher(refused);
      const stack = stackOf(plugin);
      const refund = refundTool();
      const agent = stack.wrap(
        createAgent({ version, model: scriptedModel(refundOnce), tools: [refund], middleware: [asMiddleware(stack)] }),
      );
      const out = await agent.invoke(ask("go"));
      expect(tools(out.messages).map(isDenied)).toEqual([refused.length > 0]);
      expect(seen.filter((line) => line.startsWith("judge"))).toEqual(['judge refund {"id":1}']);
      expect(seen.filter((line) => line.startsWith("model"))).toEqual(["model ok", "model ok"]);
      expect(seen.at(-1)).toBe("run ok");
      expect(refund.callCount).toBe(refused.length > 0 ? 0 : 1);
    }
  });

  it("turns a throwing tool into a message, as an agent without middleware does", async () => {
    const plain = createAgent({
      version,
      model: scriptedModel(refundOnce),
      tools: [refundTool(new Error("no money"))],
    });
    const expected = tools((await plain.invoke(ask("go"))).messages)[0];
    const passing = createMiddleware({ name: "passing", wrapToolCall: (request, handler) => handler(request) });
    for (const middleware of [[], [passing]]) {
      const { seen, plugin } = watcher();
      const agent = createAgent({
        version,
        model: scriptedModel(refundOnce),
        tools: [refundTool(new Error("no money"))],
        middleware: [asMiddleware(stackOf(plugin)), ...middleware],
        checkpointer: new MemorySaver(),
      });
      const config = { configurable: { thread_id: "t" } };
      const got = tools((await agent.invoke(ask("go"), config)).messages)[0];
      expect([got?.text, got?.status, got?.name]).toEqual([expected?.text, expected?.status, expected?.name]);
      expect(seen).toContain("end refund error");
      // The thread is not left waiting for its tools.
      expect((await agent.invoke(ask("again"), config)).messages.at(-1)?.type).toBe("ai");
    }
  });

  it("says in the tool's own words that arguments are wrong", async () => {
    const wrong = once({ name: "refund", args: { id: "x" } });
    const expected = tools(
      (await createAgent({ version, model: scriptedModel(wrong), tools: [refundTool()] }).invoke(ask("go"))).messages,
    )[0];
    const { plugin } = watcher();
    const refund = refundTool();
    const out = await createAgent({
      version,
      model: scriptedModel(wrong),
      tools: [refund],
      middleware: [asMiddleware(stackOf(plugin))],
    }).invoke(ask("go"));
    const firstLine = (text: string | undefined) => text?.split("\n", 1)[0];
    expect([firstLine(tools(out.messages)[0]?.text), tools(out.messages)[0]?.status]).toEqual([
      firstLine(expected?.text),
      "error",
    ]);
    expect(refund.callCount).toBe(0);
  });

  it("lets a tool's own interrupt pass, and its resume", async () => {
    for (const wrapped of [false, true]) {
      const { plugin } = watcher();
      const stack = stackOf(plugin);
      const made = createAgent({
        version,
        model: scriptedModel(refundOnce),
        tools: [refundTool(() => `human said ${String(interrupt("sure?"))}`)],
        middleware: [asMiddleware(stack)],
        checkpointer: new MemorySaver(),
      });
      const agent = wrapped ? stack.wrap(made) : made;
      const config = { configurable: { thread_id: "t" } };
      const paused = await agent.invoke(ask("go"), config);
      expect((paused as unknown as { __interrupt__: { value: unknown }[] }).__interrupt__[0]?.value).toBe("sure?");
      expect((await agent.invoke(new Command({ resume: "yes" }), config)).messages.at(-1)?.text).toBe(
        "saw human said yes",
      );
    }
  });

  it("asks a human for every call before one of them runs", async () => {
    const stack = stackOf(
      tap(
        "four-eyes",
        (api) =>
          void api.tap(hooks.tool.authorize, (call) =>
            call.name === "refund" ? escalate({ reason: "money" }) : undefined,
          ),
      ),
    );
    const refund = refundTool();
    const search = scriptedTool("search", "found");
    const calls = once({ name: "search", args: {} }, { name: "refund", args: { id: 1 } });
    const agent = createAgent({
      version,
      model: scriptedModel(calls),
      tools: [refund, search],
      middleware: [asMiddleware(stack)],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: "t" } };
    const paused = await agent.invoke(ask("go"), config);
    expect((paused as unknown as { __interrupt__: { value: object }[] }).__interrupt__).toHaveLength(1);
    expect(refund.callCount).toBe(0);
    const out = await agent.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), config);
    expect(out.messages.at(-1)?.text).toBe("saw found | paid");
    expect([refund.callCount, search.callCount]).toEqual([1, 1]);
  });

  it("judges each attempt of another middleware's retry, and whatever that made of the arguments", async () => {
    const { seen, plugin } = watcher();
    let failures = 2;
    const refund = refundTool(() => {
      if (failures-- > 0) throw new Error("busy");
      return "paid";
    });
    const retry = loose(toolRetryMiddleware({ maxRetries: 3, initialDelayMs: 0, jitter: false }));
    const agent = createAgent({
      version,
      model: scriptedModel(refundOnce),
      tools: [refund],
      middleware: [asMiddleware(stackOf(plugin)), retry],
    });
    expect((await agent.invoke(ask("go"))).messages.at(-1)?.text).toBe("saw paid");
    expect(seen.filter((line) => line.startsWith("judge"))).toHaveLength(3);

    const changed = watcher(["refund"]);
    const only1 = tap(
      "only-1",
      (api) =>
        void api.tap(hooks.tool.authorize, (call) =>
          (call.parsed as { id: number }).id === 1 ? undefined : deny("NOT_1", "Only 1."),
        ),
    );
    const forge = createMiddleware({
      name: "forge",
      wrapToolCall: (request, handler) => handler({ ...request, toolCall: { ...request.toolCall, args: { id: 999 } } }),
    });
    const target = refundTool();
    const forged = createAgent({
      version,
      model: scriptedModel(refundOnce),
      tools: [target],
      middleware: [asMiddleware(stackOf(only1)), forge],
    });
    expect(tools((await forged.invoke(ask("go"))).messages).map((m) => m.text)).toEqual(["NOT_1: Only 1."]);
    expect(target.callCount).toBe(0);
    expect(changed.seen).toEqual([]);
  });
});

describe("asMiddleware", () => {
  it("takes the identity from the run's config and hands it to no tool and no checkpoint", async () => {
    const users: (string | undefined | null)[] = [];
    const stack = stackOf(
      tap("who", (api) => {
        api.tap(hooks.tool.authorize, (_, run) => void users.push(run.principal?.userId));
        api.tap(hooks.model.start, (_, run) => void users.push(run.principal?.userId));
      }),
    );
    const saver = new MemorySaver();
    const refund = refundTool();
    const agent = createAgent({
      model: scriptedModel(refundOnce),
      tools: [refund],
      middleware: [asMiddleware(stack)],
      checkpointer: saver,
    });
    await Promise.all(
      ["alice", "bob"].map((userId) => agent.invoke(ask("go"), stack.as({ userId, conversationId: userId }))),
    );
    expect(users.filter((user) => user === "alice")).toHaveLength(3);
    expect(users.filter((user) => user === "bob")).toHaveLength(3);
    expect(refund.calls.map(({ config }) => Object.hasOwn(config?.configurable ?? {}, "__graphtap"))).toEqual([
      false,
      false,
    ]);
    let text = "";
    for await (const tuple of saver.list({ configurable: { thread_id: "alice" } })) text += JSON.stringify(tuple);
    expect(text).toContain("go");
    expect(text).not.toContain("__graphtap");
  });

  it("refuses a run that nobody runs at its first model call, and never asks the model to apologise for it", async () => {
    const guard = definePlugin({
      name: "guard",
      version: "1.0.0",
      setup: (api) => void api.tap(hooks.tool.authorize, () => undefined),
    })();
    const stack = stackOf(guard);
    const model = scriptedModel(refundOnce);
    const agent = createAgent({ model, tools: [refundTool()], middleware: [asMiddleware(stack)] });
    const error = await agent.invoke(ask("go")).catch((thrown: unknown) => thrown);
    expect((error as { cause: unknown }).cause).toMatchObject({ code: "IDENTITY_MISSING" });
    expect(model.callCount).toBe(0);
    const forged = await agent
      .invoke(ask("go"), { configurable: { __graphtap: { userId: "root" } } })
      .catch((thrown: unknown) => thrown);
    expect((forged as { cause: unknown }).cause).toMatchObject({ code: "IDENTITY_NOT_ISSUED" });
    expect((await agent.invoke(ask("go"), stack.as({ userId: "alice" }))).messages.at(-1)?.text).toBe("saw paid");
  });

  it("costs no super-step and no checkpoint", async () => {
    const steps = async (middleware: ReturnType<typeof asMiddleware>[]) => {
      const saver = new MemorySaver();
      const agent = createAgent({
        model: scriptedModel(refundOnce),
        tools: [refundTool()],
        middleware,
        checkpointer: saver,
      });
      await agent.invoke(ask("go"), { configurable: { thread_id: "t" } });
      return Object.keys(saver.storage["t"]?.[""] ?? {}).length;
    };
    expect(await steps([asMiddleware(stackOf(watcher().plugin))])).toBe(await steps([]));
  });

  it("stands in the run around it where the agent is called by a wrapped graph", async () => {
    const { seen, plugin } = watcher(["refund"]);
    const stack = stackOf(plugin);
    const refund = refundTool();
    const agent = createAgent({ model: scriptedModel(refundOnce), tools: [refund], middleware: [asMiddleware(stack)] });
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("desk", async (state, config) => ({
          messages: [
            new AIMessage(
              (await agent.invoke({ messages: state.messages }, { signal: config.signal } as never)).messages.at(-1)
                ?.text ?? "",
            ),
          ],
        }))
        .addEdge(START, "desk")
        .compile(),
    );
    expect((await graph.invoke(ask("go"))).messages.at(-1)?.text).toBe('saw CLOSED: "refund" is closed.');
    expect(refund.callCount).toBe(0);
    expect(seen.filter((line) => line.startsWith("judge"))).toHaveLength(1);
  });

  it("reaches a tool that another middleware brings only where the agent is wrapped, and else refuses it", async () => {
    for (const wrapped of [false, true]) {
      const { seen, plugin } = watcher();
      const stack = stackOf(plugin);
      const hidden = scriptedTool("hidden", "ran");
      const brings = createMiddleware({
        name: "brings",
        wrapToolCall: (request, handler) =>
          handler(request.toolCall.name === "hidden" ? { ...request, tool: hidden } : request),
      });
      const made = createAgent({
        model: scriptedModel(once({ name: "hidden", args: {} })),
        tools: [refundTool()],
        middleware: [asMiddleware(stack), brings],
      });
      const out = await (wrapped ? stack.wrap(made) : made).invoke(ask("go"));
      expect(out.messages.at(-1)?.text).toMatch(wrapped ? /^saw ran$/ : /^saw TOOL_UNGUARDED: /);
      expect(hidden.callCount).toBe(wrapped ? 1 : 0);
      expect(seen.filter((line) => line.startsWith("judge hidden"))).toHaveLength(wrapped ? 1 : 0);
    }
  });

  it("governs a model that is named by a text or configured per run", async () => {
    await using server = await openAIServer({ script: [{ say: "hello" }, { say: "hello" }, { say: "hello" }] });
    const { seen, plugin } = watcher();
    const stack = stackOf(plugin);
    const model = await initChatModel("openai:gpt-5-mini", {
      configuration: { baseURL: server.url },
      apiKey: "x",
    } as never);
    const agent = createAgent({ model, tools: [], middleware: [asMiddleware(stack)] });
    expect((await agent.invoke(ask("go"))).messages.at(-1)?.text).toBe("hello");
    expect(
      (await stack.wrap(createAgent({ model, tools: [refundTool()] })).invoke(ask("go"))).messages.at(-1)?.text,
    ).toBe("hello");
    expect((await stack.wrapModel(model).invoke("go")).text).toBe("hello");
    expect(seen.filter((line) => line === "model ok")).toHaveLength(3);
  });

  it("takes only a stack", () => {
    for (const wrong of [{}, null, { name: "desk" }])
      expect(() => asMiddleware(wrong as never)).toThrow("MIDDLEWARE_INVALID");
  });
});
