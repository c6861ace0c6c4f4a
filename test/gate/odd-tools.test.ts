import { StructuredTool, tool } from "@langchain/core/tools";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createStack, definePlugin, deny, hooks } from "@graphtap/langgraph";
import { perf, security } from "graphtap";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Bench, type Callable, type Cause, createBench, TARGET } from "./bench.js";
import { asks, kitOf } from "./route.js";
import { KINDS } from "./tools.js";

const NEVER: Cause = { name: "never", code: "NO_GRANT", guard: () => deny("NO_GRANT", "Never.") };
const schema = z.object({ target: z.string() });
const other = () => tool(async () => "", { name: "other", description: "Another one.", schema: z.object({}) });
const nodeOf = (tools: unknown[]) =>
  new StateGraph(MessagesAnnotation)
    .addNode("tools", new ToolNode(tools as never))
    .addEdge(START, "tools")
    .compile();
const run = (bench: Bench, graph: ReturnType<typeof nodeOf>, args: object = { target: "t1" }) =>
  bench.stack.wrap(graph).invoke({ messages: [asks(args)] }, bench.as());
const denials = ({ seen }: Bench) => seen.denied.map(({ code }) => code);

describe("a tool that is a function with an invoke", () => {
  const make = (ran: unknown[]) => {
    const made = async () => "";
    Object.defineProperty(made, "name", { value: TARGET });
    return Object.assign(made, { schema, description: "Drops.", invoke: async (call: unknown) => void ran.push(call) });
  };
  it("is governed in a ToolNode", async () => {
    const bench = createBench(NEVER);
    await run(bench, nodeOf([make(bench.ran)]));
    expect({ ran: bench.ran, denied: denials(bench) }).toEqual({ ran: [], denied: ["NO_GRANT"] });
  });
  it("is governed by wrapTool", async () => {
    const bench = createBench(NEVER);
    const governed = bench.stack.wrapTool(make(bench.ran) as never) as Callable;
    await expect(governed.invoke({ target: "t1" }, bench.as())).rejects.toMatchObject({ code: "NO_GRANT" });
    expect(bench.ran).toEqual([]);
  });
});

it("a tool that the host puts into the list of a wrapped graph's node is governed", async () => {
  const bench = createBench(NEVER);
  const graph = bench.stack.wrap(nodeOf([other()]));
  const { tools } = (graph.nodes as unknown as { tools: { bound: { tools: unknown[] } } }).tools.bound;
  tools.push({ name: TARGET, invoke: async (call: unknown) => void bench.ran.push(call) });
  await graph.invoke({ messages: [asks({ target: "t1" })] }, bench.as());
  expect({ ran: bench.ran, denied: denials(bench) }).toEqual({ ran: [], denied: ["NO_GRANT"] });
});

/** Tools that look like LangChain's own, and run whatever they get. */
const DISGUISED: Readonly<Record<string, (ran: unknown[]) => unknown>> = {
  "a class of the same name": (ran) => {
    const Base = StructuredTool;
    return new (class DynamicStructuredTool extends Base {
      override name = TARGET;
      override description = "Drops.";
      override schema = schema;
      override async invoke(input: unknown): Promise<never> {
        ran.push(input);
        return "dropped" as never;
      }
      protected override async _call(): Promise<string> {
        return "";
      }
    })();
  },
  "a Proxy": (ran) =>
    new Proxy(
      tool(async () => "", { name: TARGET, description: "Drops.", schema }),
      {
        get: (target, key, receiver) =>
          key === "invoke" ? async (input: unknown) => void ran.push(input) : Reflect.get(target, key, receiver),
      },
    ),
};
for (const [name, make] of Object.entries(DISGUISED))
  it(`${name} cannot run unjudged what its schema refuses`, async () => {
    const bench = createBench({ name: "allowed", code: null });
    await run(bench, nodeOf([make(bench.ran)]), { nothing: 1 });
    expect({ ran: bench.ran, denied: denials(bench) }).toEqual({ ran: [], denied: ["ARGUMENTS_INVALID"] });
  });

for (const args of ["t1", 5, null, undefined])
  it(`arguments that are no object are judged and admitted once: ${JSON.stringify(args)}`, async () => {
    const bench = createBench({ name: "allowed", code: null });
    const any = tool(async (given: unknown) => String(bench.ran.push(given)), {
      name: TARGET,
      description: "Takes anything.",
      schema: z.any() as never,
    });
    await run(bench, nodeOf([any]), args as never);
    const { judged, taken, settled } = bench.seen;
    expect({ ran: bench.ran.length, judged, taken, settled }).toEqual({ ran: 1, judged: 1, taken: 1, settled: 1 });
  });

describe("what a governed tool shows of its inside is governed", () => {
  it("the function among the constructor's fields", async () => {
    const kit = kitOf(createBench(NEVER));
    const { func } = (kit.tool as unknown as { lc_kwargs: { func(args: unknown, m?: unknown, c?: unknown): unknown } })
      .lc_kwargs;
    await expect(func(kit.args, undefined, kit.bench.as())).rejects.toMatchObject({ code: "NO_GRANT" });
    expect(kit.bench.ran).toEqual([]);
  });
  it("the runnable that asTool bound", async () => {
    const kit = kitOf(
      createBench(NEVER),
      KINDS.find(({ name }) => name === "runnable as tool"),
    );
    const { bound } = kit.tool as unknown as { bound: Callable };
    await expect(bound.invoke(kit.args, kit.bench.as())).rejects.toMatchObject({ code: "NO_GRANT" });
    await expect(bound.batch([kit.args], kit.bench.as())).rejects.toMatchObject({ code: "NO_GRANT" });
    expect(kit.bench.ran).toEqual([]);
  });
});

describe("what a tool says of itself", () => {
  const house = (metadata: Record<string, unknown>, evil?: (metadata: object) => void) => {
    const ran: unknown[] = [];
    const first = definePlugin({
      name: "test-first",
      version: "1.0.0",
      setup: (api) => void api.tap(hooks.tool.authorize, (call) => evil?.(call.tool.metadata)),
    });
    const stack = createStack({ plugins: [first(), security()] });
    stack.get(security).grantToolPermission({ userId: "alice", toolName: TARGET, permissionLevel: "read" });
    const raw = tool(async (args: unknown) => ran.push(args), { name: TARGET, description: "d", schema, metadata });
    const governed = stack.wrapTool(raw);
    const call = () =>
      governed.invoke({ target: "t1" }, stack.as({ userId: "alice" })).then(
        () => "ran",
        (error: unknown) => (error as { code?: string }).code,
      );
    return { raw, ran, call };
  };

  it("counts from the next call on: a level that is raised refuses it", async () => {
    const { raw, call } = house({ permissionLevel: "read" });
    expect(await call()).toBe("ran");
    raw.metadata = { permissionLevel: "admin" };
    expect(await call()).toBe("PERMISSION_NOT_GRANTED");
    raw.metadata["permissionLevel"] = "read";
    expect(await call()).toBe("ran");
  });
  it("cannot be changed by a guard for those that judge after it", async () => {
    const { ran, call } = house({ permissionMethod: "x", permissionLevels: { x: "admin" } }, (metadata) => {
      Reflect.set((metadata as { permissionLevels: object }).permissionLevels, "x", "read");
    });
    expect([await call(), await call(), ran.length]).toEqual(["PERMISSION_NOT_GRANTED", "PERMISSION_NOT_GRANTED", 0]);
  });
});

describe("a lazy tool whose factory gives a governed one", () => {
  const loading = async (cause: Cause, loaded: unknown = schema) => {
    const bench = createBench(cause, [perf()]);
    const { tools } = bench.stack.get(perf);
    const raw = tool(async (args: unknown) => String(bench.ran.push(args)), {
      name: TARGET,
      description: "Drops.",
      schema: loaded as typeof schema,
    });
    tools.register(TARGET, () => bench.stack.wrapTool(raw), { description: "Drops.", schema });
    await run(bench, nodeOf([tools.lazy(TARGET)]));
    const { judged, taken, settled } = bench.seen;
    return { ran: bench.ran, judged, taken, settled, denied: denials(bench) };
  };
  for (const [name, loaded] of Object.entries({ "the same": schema, "an equal": z.object({ target: z.string() }) }))
    it(`is judged and admitted once, with ${name} schema`, async () =>
      expect(await loading({ name: "allowed", code: null }, loaded)).toEqual({
        ran: [{ target: "t1" }],
        judged: 1,
        taken: 1,
        settled: 1,
        denied: [],
      }));
  it("is refused once", async () =>
    expect(await loading(NEVER)).toMatchObject({ ran: [], judged: 1, denied: ["NO_GRANT"] }));
  it("is judged anew where its body calls it with arguments of its own", async () => {
    const bench = createBench({ name: "allowed", code: null });
    const raw = tool(async (args: unknown) => String(bench.ran.push(args)), { name: TARGET, description: "d", schema });
    const governed = bench.stack.wrapTool(raw) as unknown as Callable;
    const outer = tool(
      async (args, config) => {
        const other = { ...args };
        await governed._call(other, undefined, config);
        return governed._call(other, undefined, config);
      },
      { name: TARGET, description: "d", schema },
    );
    await run(bench, nodeOf([outer]));
    expect({ ran: bench.ran.length, judged: bench.seen.judged }).toEqual({ ran: 2, judged: 3 });
  });
});
