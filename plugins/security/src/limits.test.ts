import { createStack, definePlugin, deny, hooks, isDenied, type PluginInput } from "@graphtap/langgraph";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import type { StructuredToolInterface } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { security } from "./index.js";

const HOUR = 3_600_000;
const say = (content: string) => ({ messages: [{ role: "user", content }] });
/** Calls what the user lists, `search:1,search:2`, all at once, then answers. */
function agent(tools: StructuredToolInterface[]) {
  const model = scriptedModel((messages) => {
    const last = messages.at(-1);
    if (last?.type !== "human") return { say: "done" };
    return {
      calls: last.text.split(",").map((wish) => {
        const [name = "", q = ""] = wish.split(":");
        return { name, args: { q } };
      }),
    };
  }).bindTools(tools);
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode(tools))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile({ checkpointer: new MemorySaver() });
}
const open: { dispose(): Promise<void> }[] = [];
function stackOf(options: Parameters<typeof security>[0] = {}, ...more: PluginInput[]) {
  const clock = fakeClock();
  const stack = createStack({ name: "desk", plugins: [security(options), ...more] as const, clock });
  open.push(stack);
  const manager = stack.get(security);
  const grant = (toolName: string, rateLimit?: number, userId = "alice") =>
    manager.grantToolPermission({
      userId,
      toolName,
      permissionLevel: "write",
      ...(rateLimit === undefined ? {} : { rateLimit }),
    });
  let threads = 0;
  const as = (userId = "alice") => stack.as({ userId, conversationId: `c-${++threads}` });
  return { stack, manager, clock, grant, as };
}
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.dispose();
});
const codes = (messages: readonly { readonly text: string }[]) =>
  messages.filter((m) => isDenied(m as never)).map(({ text }) => text.split(":", 1)[0]);

describe("limits, around a graph", () => {
  it("admits in call order as many parallel calls as fit, in invoke, stream and batch", async () => {
    const { stack, manager, clock, grant, as } = stackOf();
    const search = scriptedTool("search", ({ q }) => `found ${String(q)}`);
    const graph = stack.wrap(agent([search]));
    grant("search", 2);
    const wish = say("search:1,search:2,search:3,search:4");
    const routes = {
      invoke: async () => (await graph.invoke(wish, as())).messages,
      stream: async () => {
        let last: { messages: { text: string }[] } = { messages: [] };
        for await (const chunk of await graph.stream(wish, { ...as(), streamMode: "values" }))
          last = chunk as typeof last;
        return last.messages;
      },
      batch: async () => (await graph.batch([wish], as()))[0]?.messages ?? [],
    };
    for (const [name, run] of Object.entries(routes)) {
      const before = search.callCount;
      const messages = await run();
      expect(
        messages.map(({ text }) => text).filter((text) => text.startsWith("found")),
        name,
      ).toEqual(["found 1", "found 2"]);
      expect(codes(messages)).toEqual(["RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED"]);
      expect(search.callCount - before).toBe(2);
      clock.advance(HOUR);
    }
    const stats = manager.getSecurityStats();
    expect(stats).toMatchObject({ rateLimitViolations: 6, authorizedExecutions: 6, deniedAttempts: 6 });
  });

  it("counts for a user over all graphs, runs and batches at once", async () => {
    const { stack, grant, as } = stackOf();
    const search = scriptedTool("search", "found", { delayMs: 1 });
    const graphs = [stack.wrap(agent([search])), stack.wrap(agent([search]))];
    grant("search", 7);
    grant("search", 7, "bob");
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (graphs[i % 2] as (typeof graphs)[0]).batch([say("search:1"), say("search:2,search:3")], [as(), as()]),
      ),
    );
    expect(search.callCount).toBe(7);
    await graphs[0]?.invoke(say("search:1"), as("bob"));
    expect(search.callCount).toBe(8);
  });

  it("takes nothing for a call that another guard, another limit or the tool's schema refuses", async () => {
    const refuser = (name: string, hook: "authorize" | "admit") =>
      definePlugin({
        name,
        version: "1.0.0",
        setup: (api) =>
          void api.tap(hooks.tool[hook], (call: { name: string }) =>
            call.name === `no_${hook}` ? deny("CLOSED", "closed") : undefined,
          ),
      })();
    for (const order of ["first", "last"]) {
      const others = [refuser("acme-guard", "authorize"), refuser("acme-limit", "admit")];
      const clock = fakeClock();
      const plugins = order === "first" ? [...others, security()] : [security(), ...others];
      const stack = createStack({ name: "desk", plugins, clock });
      open.push(stack);
      const manager = stack.get(security);
      const tools = ["no_authorize", "no_admit"].map((name) => scriptedTool(name, "x"));
      const graph = stack.wrap(agent(tools));
      for (const { name } of tools)
        manager.grantToolPermission({ userId: "alice", toolName: name, permissionLevel: "write", rateLimit: 1 });
      for (let run = 0; run < 3; run++) {
        const as = stack.as({ userId: "alice", conversationId: `${order}-${run}` });
        const { messages } = await graph.invoke(say("no_authorize:1,no_admit:1"), as);
        expect(codes(messages)).toEqual(["CLOSED", "CLOSED"]);
      }
      for (const { name: toolName } of tools)
        expect(manager.authorizeToolExecution({ userId: "alice", toolName }).rate?.remaining).toBe(1);
      expect(tools.every(({ callCount }) => callCount === 0)).toBe(true);
    }
    const { stack, manager, grant, as } = stackOf();
    const strict = scriptedTool("strict", "x", { schema: z.object({ n: z.number() }) });
    grant("strict", 1);
    await stack.wrap(agent([strict])).invoke(say("strict:1"), as());
    expect(strict.callCount).toBe(0);
    expect(manager.authorizeToolExecution({ userId: "alice", toolName: "strict" }).rate?.remaining).toBe(1);
    const panels = await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: null });
    expect(panels).toMatchObject([{ value: { data: { permissions: [{ toolName: "strict", calls: 0 }] } } }]);
  });

  it("counts a call that failed, and not the one whose tool paused: that is counted when it is resumed", async () => {
    const { stack, manager, grant } = stackOf();
    const ask = scriptedTool("ask", () => `answered ${String(interrupt("sure?"))}`);
    const fail = scriptedTool("fail", () => {
      throw new Error("broken");
    });
    const graph = stack.wrap(agent([ask, fail]));
    grant("ask", 1);
    grant("fail", 1);
    const left = (toolName: string) => manager.authorizeToolExecution({ userId: "alice", toolName }).rate?.remaining;
    await graph.invoke(say("fail:1"), stack.as({ userId: "alice", conversationId: "f" }));
    expect(left("fail")).toBe(0);
    const where = () => stack.as({ userId: "alice", conversationId: "a" });
    await graph.invoke(say("ask:1"), where());
    expect(left("ask")).toBe(1);
    const { messages } = await graph.invoke(new Command({ resume: "yes" }), where());
    expect(messages.at(-2)?.text).toBe("answered yes");
    expect(left("ask")).toBe(0);
    expect(codes((await graph.invoke(say("ask:2"), where())).messages)).toEqual(["RATE_LIMIT_EXCEEDED"]);
  });

  it("takes from a paused call what was revoked meanwhile", async () => {
    const { stack, manager, grant } = stackOf();
    const ask = scriptedTool("ask", () => `answered ${String(interrupt("sure?"))}`);
    const graph = stack.wrap(agent([ask]));
    grant("ask");
    const where = () => stack.as({ userId: "alice", conversationId: "a" });
    await graph.invoke(say("ask:1"), where());
    manager.revokeToolPermission({ userId: "alice", toolName: "ask" });
    const { messages } = await graph.invoke(new Command({ resume: "yes" }), where());
    expect(codes(messages)).toEqual(["PERMISSION_NOT_GRANTED"]);
  });

  it("is not freed by a clock that is set", async () => {
    const { stack, manager, clock, grant } = stackOf();
    const search = stack.wrapTool(scriptedTool("search", "found"));
    grant("search", 1);
    const call = () => search.invoke({}, stack.as({ userId: "alice" }));
    await call();
    for (const jump of [2 * HOUR, -5 * HOUR]) {
      clock.jump(jump);
      await expect(call()).rejects.toMatchObject({ code: "RATE_LIMIT_EXCEEDED" });
    }
    clock.advance(HOUR);
    await call();
    expect(manager.getSecurityStats({ hours: 100 }).rateLimitViolations).toBe(2);
  });
});

describe("the loop guard, around a graph", () => {
  /** Calls the same tool again and again, with the same arguments or with others. */
  function looping(tools: StructuredToolInterface[], args: (turn: number) => Record<string, unknown>, turns: number) {
    let turn = 0;
    const model = scriptedModel(() =>
      ++turn > turns ? { say: "done" } : { call: { name: tools[0]?.name ?? "", args: args(turn) } },
    ).bindTools(tools);
    return new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addNode("tools", new ToolNode(tools))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile();
  }
  const deep = { recursionLimit: 100 };

  it("stops repetition, one tool, and all tools, each run for itself", async () => {
    const { stack, grant } = stackOf({ loop: { maxCalls: 6, maxCallsPerTool: 4, maxRepeats: 3 } });
    const search = scriptedTool("search", "found");
    grant("search");
    const run = async (args: (turn: number) => Record<string, unknown>) => {
      const graph = stack.wrap(looping([search], args, 8));
      const { messages } = await graph.invoke(say("go"), { ...stack.as({ userId: "alice" }), ...deep });
      return codes(messages);
    };
    const repeated = "LOOP_ARGUMENTS_REPEATED";
    expect(await run(() => ({ q: "same" }))).toEqual(new Array(5).fill(repeated));
    expect(await run((turn) => ({ q: turn }))).toEqual(new Array(4).fill("LOOP_TOOL_EXCEEDED"));
    expect(await run(() => ({ q: "same" }))).toEqual(new Array(5).fill(repeated));
  });

  it("counts what nested runs call with the run around them, and forgets a run at its end", async () => {
    const { stack, grant, as } = stackOf({ loop: { maxCalls: 5 } });
    const search = scriptedTool("search", "found");
    grant("search");
    const inner = stack.wrap(looping([search], (turn) => ({ q: turn }), 3));
    const innerAgain = stack.wrap(looping([search], (turn) => ({ q: turn + 10 }), 3));
    const outer = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("one", async (_state, config) => inner.invoke(say("go"), config))
        // On a thread of its own it is a run of its own, nested in the one around it.
        .addNode("two", async () => innerAgain.invoke(say("go"), { configurable: { thread_id: "elsewhere" } }))
        .addEdge(START, "one")
        .addEdge("one", "two")
        .compile(),
    );
    const { messages } = await outer.invoke(say("go"), as());
    expect(codes(messages)).toEqual(["LOOP_CALLS_EXCEEDED"]);
    expect(search.callCount).toBe(5);
    const direct = stack.wrapTool(search);
    for (let call = 0; call < 8; call++) await direct.invoke({}, stack.as({ userId: "alice" }));
    expect(search.callCount).toBe(13);
  });
});

describe("switches, around a graph", () => {
  it("stop the next call of a run under way, and the next run; lifted, all goes on", async () => {
    const { stack, manager, grant, as } = stackOf();
    const stop = scriptedTool("stop", () => {
      manager.kill("tool:search", { by: "on-call", reason: "incident 12" });
      return "stopped";
    });
    const search = scriptedTool("search", "found");
    for (const name of ["stop", "search"]) grant(name);
    const direct = [stack.wrapTool(stop), stack.wrapTool(search)] as const;
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("both", async (_state, config) => {
          await direct[0].invoke({}, config);
          return {
            messages: [
              {
                role: "ai",
                content: await direct[1].invoke({}, config).catch((e: Error) => (e as { code?: string }).code ?? ""),
              },
            ],
          };
        })
        .addEdge(START, "both")
        .compile(),
    );
    expect((await graph.invoke(say("x"), as())).messages.at(-1)?.text).toBe("KILLED");
    expect(search.callCount).toBe(0);
    manager.kill("user:alice");
    await expect(graph.invoke(say("x"), as())).rejects.toMatchObject({ code: "KILLED" });
    expect(stop.callCount).toBe(1);
    expect(manager.kills.map(({ target, by }) => [target, by])).toEqual([
      ["tool:search", "on-call"],
      ["user:alice", null],
    ]);
    expect([manager.lift("user:alice"), manager.lift("user:alice"), manager.lift("tool:search")]).toEqual([
      true,
      false,
      true,
    ]);
    await direct[1].invoke({}, as());
    expect(search.callCount).toBe(1);
    const log = await manager.getAuditLog();
    expect(
      log.filter(({ event }) => event.startsWith("kill.")).map(({ event, details }) => [event, details?.["target"]]),
    ).toEqual([
      ["kill.lifted", "tool:search"],
      ["kill.lifted", "user:alice"],
      ["kill.set", "user:alice"],
      ["kill.set", "tool:search"],
    ]);
    expect(log.find(({ event, code }) => event === "tool.denied" && code === "KILLED")?.reason).toBe(
      '"tool:search" is switched off by "on-call": "incident 12"',
    );
    expect(log.some(({ event, code }) => event === "run.denied" && code === "KILLED")).toBe(true);
  });

  it("refuse what is no switch", () => {
    const { manager } = stackOf();
    expect(() => manager.kill("refund" as never)).toThrow("[KILL_INVALID]");
    expect(() => manager.kill("all", { because: "x" } as never)).toThrow("[KILL_INVALID]");
    expect(manager.kills).toEqual([]);
  });
});

describe("shadow mode, around a graph", () => {
  it("tells of what it would deny, lets it pass, and enforces from its end on", async () => {
    const { stack, manager, clock, as } = stackOf({ mode: "shadow", shadowUntil: Date.parse("2026-01-02T00:00:00Z") });
    const search = scriptedTool("search", "found");
    const graph = stack.wrap(agent([search]));
    const { messages } = await graph.invoke(say("search:1"), as());
    expect(codes(messages)).toEqual([]);
    expect(search.callCount).toBe(1);
    expect(await manager.getAuditLog()).toMatchObject([
      { event: "tool.allowed", tool: "search" },
      { event: "tool.shadow_denied", decision: "flagged", code: "PERMISSION_NOT_GRANTED", userId: "alice" },
    ]);
    expect(manager.getSecurityStats()).toMatchObject({ shadowDenials: 1, deniedAttempts: 0, authorizedExecutions: 1 });
    await expect(graph.invoke(say("search:1"), { configurable: { thread_id: "x" } })).rejects.toMatchObject({
      code: "IDENTITY_MISSING",
    });
    clock.advance(24 * HOUR);
    expect(codes((await graph.invoke(say("search:1"), as())).messages)).toEqual(["PERMISSION_NOT_GRANTED"]);
    expect(search.callCount).toBe(1);
  });

  it.each([
    ["no end", { mode: "shadow" }],
    ["an end that is none", { mode: "shadow", shadowUntil: "2030-01-01" }],
    ["an end and nothing to end", { shadowUntil: 1 }],
    ["another mode", { mode: "off" }],
  ])("is refused with %s", (_name, options) => {
    expect(() => security(options as never)).toThrow("[PLUGIN_OPTIONS_INVALID]");
  });
});
