import { allow, createStack, definePlugin, defineHook, defineService, deny, hooks } from "@graphtap/langgraph";
import { HumanMessage } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fakeClock, grantAll, recordHooks, scriptedModel, scriptedTool } from "../index.js";

const onlyAlice = definePlugin({
  name: "acme-only-alice",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.tool.authorize, (_call, run) =>
      run.principal?.userId === "alice" ? allow() : deny("NOT_ALICE", "This tool is not available."),
    );
  },
});

describe("recordHooks", () => {
  it("records what fired, in order, and what was refused", async () => {
    const clock = fakeClock("2026-04-01");
    await using stack = createStack({ name: "desk", plugins: [onlyAlice()], clock });
    const seen = recordHooks(stack);
    await seen.ready;
    const refund = stack.wrapTool(scriptedTool("refund", "ok"));
    await refund.invoke({}, stack.as({ userId: "bob" })).catch(() => undefined);
    expect(seen.denials()).toEqual([{ name: "refund", code: "NOT_ALICE" }]);
    await refund.invoke({}, stack.as({ userId: "alice" }));
    expect(seen.names()).toEqual(["tool.denied", "tool.start", "tool.end"]);
    expect(seen.of("tool.end")).toMatchObject([
      { hook: "tool.end", index: 2, at: clock.now(), value: { name: "refund", status: "ok" } },
    ]);
    const [started] = seen.of(hooks.tool.start);
    const name: string | undefined = started?.value.name;
    expect([name, started?.context?.principal?.userId]).toEqual(["refund", "alice"]);
    seen.clear();
    expect([seen.names(), seen.total]).toEqual([[], 0]);
    await refund.invoke({}, stack.as({ userId: "alice" }));
    expect(seen.events()).toHaveLength(2);
  });

  it("records from the first run on, without a wait, also where a plugin starts slowly", async () => {
    const slow = definePlugin({
      name: "acme-slow",
      version: "1.0.0",
      async setup(api) {
        await new Promise((resolve) => setImmediate(resolve));
        api.tap(hooks.tool.authorize, () => deny("CLOSED", "Closed."));
      },
    });
    await using stack = createStack({ plugins: [slow()] });
    const [first, second] = [recordHooks(stack), recordHooks(stack)];
    const refund = stack.wrapTool(scriptedTool("refund", "ok"));
    await refund.invoke({}, stack.as({ userId: "bob" })).catch(() => undefined);
    expect(first.denials()).toEqual([{ name: "refund", code: "CLOSED" }]);
    expect(second.denials()).toEqual(first.denials());
  });

  it("records control hooks too when asked to, and changes no result", async () => {
    const run = async (hooksOption?: "all") => {
      await using stack = createStack({ plugins: [] });
      const seen = hooksOption === undefined ? null : recordHooks(stack, { hooks: hooksOption });
      await seen?.ready;
      const tool = scriptedTool("search", "found");
      const model = stack.wrapModel(scriptedModel([{ call: { name: "search" } }, { say: "done" }]).bindTools([tool]));
      const graph = stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
          .addNode("tools", new ToolNode([tool]))
          .addEdge(START, "agent")
          .addConditionalEdges("agent", toolsCondition)
          .addEdge("tools", "agent")
          .compile(),
      );
      const out = await graph.invoke({ messages: [new HumanMessage("go")] });
      return { texts: out.messages.map((message) => message.text), names: seen?.names() ?? [] };
    };
    const plain = await run();
    const recorded = await run("all");
    expect(recorded.texts).toEqual(plain.texts);
    const order = [
      "run.start",
      "run.input",
      "run.call",
      "node.start",
      "node.call",
      "model.prepare",
      "model.authorize",
      "model.admit",
      "model.call",
      "model.result",
      "tool.prepare",
      "tool.authorize",
      "tool.admit",
      "tool.call",
      "tool.result",
      "run.output",
      "run.end",
    ];
    const first = order.map((name) => recorded.names.indexOf(name));
    expect(first).not.toContain(-1);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(recorded.names.filter((name) => name === "model.call")).toHaveLength(2);
  });

  it("records hooks of the host's own, keeps a bounded number, and stops", async () => {
    const opened = defineHook.series<{ id: number }>("acme.ticket.opened");
    await using stack = createStack({ plugins: [], hooks: [opened] });
    const seen = recordHooks(stack, { hooks: [opened], keep: 2 });
    const twin = recordHooks(stack, { hooks: [opened] });
    await Promise.all([seen.ready, twin.ready]);
    for (let id = 0; id < 3; id++) await stack.call(opened, { id });
    expect([seen.of(opened).map(({ value }) => value.id), seen.total]).toEqual([[1, 2], 3]);
    await seen.stop();
    await stack.call(opened, { id: 3 });
    expect([seen.total, twin.total]).toEqual([3, 4]);
  });

  it("reports through ready that it could not be installed", async () => {
    const stack = createStack({ plugins: [] });
    await stack.dispose();
    await expect(recordHooks(stack).ready).rejects.toMatchObject({ code: "STACK_DISPOSED" });
  });
});

describe("grantAll", () => {
  interface Given {
    readonly userId: string;
    readonly toolName: string;
    readonly permissionLevel: string;
    readonly tenantId?: string;
  }
  const Security = defineService<{ grantToolPermission(grant: Given): Promise<void> }>()("security");
  const security = definePlugin({
    name: "security",
    version: "1.0.0",
    options: z.object({ grants: z.custom<Given[]>() }),
    provides: [Security],
    setup(api, { grants }) {
      api.provide(Security, { grantToolPermission: async (grant) => void grants.push(grant) });
      api.tap(hooks.tool.authorize, (call, run) => {
        const { userId = null, tenantId = null } = run.principal ?? {};
        const granted = grants.some(
          (grant) => grant.userId === userId && grant.toolName === call.name && (grant.tenantId ?? null) === tenantId,
        );
        return granted ? undefined : deny("NO_GRANT", "No.");
      });
    },
  });
  const started = () => {
    const grants: Given[] = [];
    return { grants, stack: createStack({ plugins: [security({ grants })] }) };
  };

  it("grants each tool by its name when the user calls it, through the service", async () => {
    const { grants, stack } = started();
    const [search, refund] = stack.wrapTools([scriptedTool("search", "found"), scriptedTool("refund", "paid")]);
    await expect(search.invoke({}, stack.as({ userId: "alice" }))).rejects.toMatchObject({ code: "NO_GRANT" });
    await grantAll(stack, "alice");
    await grantAll(stack, "carol", { tenantId: "acme", level: "read" });
    expect(await search.invoke({}, stack.as({ userId: "alice" }))).toBe("found");
    expect(await refund.invoke({}, stack.as({ userId: "alice", tenantId: "acme" }))).toBe("paid");
    await expect(search.invoke({}, stack.as({ userId: "bob" }))).rejects.toMatchObject({ code: "NO_GRANT" });
    expect(await search.invoke({}, stack.as({ userId: "carol", tenantId: "acme" }))).toBe("found");
    await expect(search.invoke({}, stack.as({ userId: "carol" }))).rejects.toMatchObject({ code: "NO_GRANT" });
    expect(grants).toEqual([
      { userId: "alice", toolName: "search", permissionLevel: "admin" },
      { userId: "alice", toolName: "refund", permissionLevel: "admin", tenantId: "acme" },
      { userId: "carol", toolName: "search", permissionLevel: "read", tenantId: "acme" },
    ]);
    await stack.dispose();
  });

  it("grants the named tools at once", async () => {
    const { grants, stack } = started();
    await grantAll(stack, "bob", { tools: ["a", "b"], level: "read", tenantId: "acme" });
    expect(grants).toEqual([
      { userId: "bob", toolName: "a", permissionLevel: "read", tenantId: "acme" },
      { userId: "bob", toolName: "b", permissionLevel: "read", tenantId: "acme" },
    ]);
    await stack.dispose();
  });

  it("says so when there is no security plugin", async () => {
    await using stack = createStack({ name: "bare", plugins: [] });
    await expect(grantAll(stack, "alice")).rejects.toMatchObject({
      code: "SECURITY_NOT_INSTALLED",
      message: expect.stringContaining('"bare"') as string,
    });
  });
});
