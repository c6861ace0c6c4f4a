import { AIMessage, HumanMessage, type ToolMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { StructuredTool, tool } from "@langchain/core/tools";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { DeniedError, definePlugin, deny, hooks, isDenied, type Plugin, type PluginApi } from "@graphtap/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { createAgent, createMiddleware } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ALLOW, type Bench, type Callable, type Cause, createBench, TARGET } from "./bench.js";
import { asks, kitOf, type Messages } from "./route.js";
import { TOOL } from "./tools.js";

const EVIL = "evil";
/** Only arguments without the forbidden word are granted. */
const NOT_EVIL: Cause = {
  name: "arguments",
  code: "NO_GRANT",
  guard: ({ parsed }) => (JSON.stringify(parsed)?.includes(EVIL) === true ? deny("NO_GRANT", "Not these.") : undefined),
};

let count = 0;
const plugin = (setup: (api: PluginApi) => void): Plugin =>
  definePlugin({ name: `test-extra-${++count}`, version: "1.0.0", identity: "none", setup })();

const made = (bench: Bench, schema: unknown, run: (args: never) => unknown = () => "dropped"): Callable =>
  tool(
    async (args: unknown) => {
      bench.ran.push(structuredClone(args));
      return run(args as never);
    },
    { name: TARGET, description: "Drops.", schema: schema as never },
  ) as unknown as Callable;

const nodeGraph = (bench: Bench, tools: readonly Callable[]) =>
  bench.stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode(tools as never))
      .addEdge(START, "tools")
      .compile(),
  );

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "ok",
    (error: unknown) => (DeniedError.isDenied(error) ? error.code : `other: ${String(error)}`),
  );
const counts = ({ ran, seen }: Bench) => ({
  ran: ran.length,
  judged: seen.judged,
  held: seen.taken - seen.released - seen.settled,
  settled: seen.settled,
  denied: seen.denied.map((d) => d.code),
});

describe("arguments that answer differently when they are read again", () => {
  const twoFaced = (): { args: object; reads: () => number } => {
    let reads = 0;
    return {
      args: {
        get target() {
          return reads++ === 0 ? "t1" : EVIL;
        },
      },
      reads: () => reads,
    };
  };
  const proxied = (): { args: object; reads: () => number } => {
    let reads = 0;
    return {
      args: new Proxy(
        { target: "t1" },
        { get: (t, key) => (key === "target" ? (reads++ === 0 ? "t1" : EVIL) : Reflect.get(t, key)) },
      ),
      reads: () => reads,
    };
  };

  for (const [name, make] of [
    ["a getter", twoFaced],
    ["a Proxy", proxied],
  ] as const) {
    it(`${name}, bare`, async () => {
      const bench = createBench(NOT_EVIL);
      const { args, reads } = make();
      await kitOf(bench).tool.invoke(args, bench.as());
      expect({ ran: bench.ran, reads: reads() }).toEqual({ ran: [{ target: "t1" }], reads: 1 });
    });
    it(`${name}, in a ToolCall`, async () => {
      const bench = createBench(NOT_EVIL);
      const { args } = make();
      await kitOf(bench).tool.invoke({ type: "tool_call", name: TARGET, id: "c1", args }, bench.as());
      expect(bench.ran).toEqual([{ target: "t1" }]);
    });
    it(`${name}, in a ToolNode`, async () => {
      const bench = createBench(NOT_EVIL);
      const message = new AIMessage("");
      message.tool_calls = [
        { type: "tool_call", name: TARGET, id: "c1", args: make().args as Record<string, unknown> },
      ];
      const node = new ToolNode([kitOf(bench).raw as never]);
      const graph = bench.stack.wrap(
        new StateGraph(MessagesAnnotation)
          .addNode("tools", RunnableLambda.from(() => ({ messages: [message] })).pipe(node) as never)
          .addEdge(START, "tools")
          .compile(),
      );
      await graph.invoke({ messages: [] }, bench.as());
      expect(bench.ran).toEqual([{ target: "t1" }]);
    });
  }

  it("a ToolCall whose own fields do", async () => {
    for (const key of ["type", "args", "id", "name"] as const)
      for (const kind of [TOOL, ownInvoke]) {
        const bench = createBench(NOT_EVIL);
        let reads = 0;
        const second = { type: "other", args: { target: EVIL }, id: EVIL, name: EVIL } as const;
        const call = { type: "tool_call", name: TARGET, id: "c1", args: { target: "t1" } };
        const first: unknown = call[key];
        Object.defineProperty(call, key, { get: () => (reads++ === 0 ? first : second[key]), enumerable: true });
        await kitOf(bench, kind)
          .tool.invoke(call, bench.as())
          .catch(() => undefined);
        expect(JSON.stringify(bench.ran), `${key} of ${kind.name}`).not.toContain(EVIL);
      }
  });

  it("a class instance, whose content nobody can freeze", async () => {
    class Target {
      name = "t1";
    }
    const bench = createBench(NOT_EVIL);
    const target = new Target();
    const wrapped = bench.stack.wrapTool(made(bench, z.object({ target: z.instanceof(Target) })));
    const call = wrapped.invoke({ target }, bench.as());
    target.name = EVIL;
    expect(await codeOf(call)).toBe("ARGUMENTS_UNREADABLE");
    expect(counts(bench)).toEqual({ ran: 0, judged: 0, held: 0, settled: 0, denied: ["ARGUMENTS_UNREADABLE"] });
  });
});

const ownInvoke = {
  name: "a tool with an invoke of its own",
  args: { target: "t1" },
  shows: "t1",
  make: (ran: unknown[]): Callable =>
    new (class extends StructuredTool {
      override name = TARGET;
      override description = "Drops.";
      override schema = z.object({ target: z.string() });
      override async invoke(input: unknown): Promise<never> {
        ran.push(
          structuredClone(
            (input as { type?: string }).type === "tool_call" ? (input as { args: unknown }).args : input,
          ),
        );
        return "dropped" as never;
      }
      protected override async _call(): Promise<string> {
        return "";
      }
    })() as unknown as Callable,
};

describe("arguments that somebody changes after the check", () => {
  it("an observer that holds the caller's own array", async () => {
    const shared = { targets: ["t1"] };
    const bench = createBench(NOT_EVIL, [
      plugin((api) => api.tap(hooks.tool.start, () => void shared.targets.push(EVIL))),
    ]);
    await bench.stack.wrapTool(made(bench, z.object({ targets: z.array(z.string()) }))).invoke(shared, bench.as());
    expect(bench.ran).toEqual([{ targets: ["t1"] }]);
  });

  it("a guard that waits while the caller goes on", async () => {
    const shared = { targets: ["t1"], deep: { list: [1] } };
    const bench = createBench(NOT_EVIL, [
      plugin((api) =>
        api.tap(hooks.tool.authorize, () => new Promise<undefined>((resolve) => setImmediate(resolve, undefined))),
      ),
    ]);
    const call = bench.stack.wrapTool(made(bench, z.looseObject({}))).invoke(shared, bench.as());
    shared.targets[0] = EVIL;
    shared.deep.list.push(2);
    await call;
    expect(bench.ran).toEqual([{ targets: ["t1"], deep: { list: [1] } }]);
  });

  it("a prepare tap that keeps what it returned", async () => {
    const kept = { target: "t1" };
    const bench = createBench(NOT_EVIL, [
      plugin((api) => {
        api.tap(hooks.tool.prepare, (draft) => ({ ...draft, args: kept }));
        api.tap(hooks.tool.admit, () => void (kept.target = EVIL));
      }),
    ]);
    await kitOf(bench).tool.invoke({ target: "x" }, bench.as());
    expect(bench.ran).toEqual([{ target: "t1" }]);
  });

  it("another tool of the same node that reaches into the message", async () => {
    const bench = createBench(NOT_EVIL);
    const message = new AIMessage({
      content: "",
      tool_calls: [
        { type: "tool_call", name: "first", args: {}, id: "a" },
        ...(asks({ targets: ["t1"] }).tool_calls ?? []),
      ],
    });
    const first = tool(
      async () => {
        for (const call of message.tool_calls ?? []) (call.args as { targets?: string[] }).targets?.push(EVIL);
        return "changed";
      },
      { name: "first", description: "Changes the message.", schema: z.object({}) },
    ) as unknown as Callable;
    const target = made(bench, z.object({ targets: z.array(z.string()) }));
    await nodeGraph(bench, [first, target]).invoke({ messages: [message] }, bench.as());
    expect(bench.ran).toEqual([{ targets: ["t1"] }]);
  });

  // LangChain gives handlers a text, but tracers the input object itself, right before `_call`.
  const tracer = {
    name: "mutating-tracer",
    awaitHandlers: true,
    raiseError: true,
    _addRunToRunMap: (): void => {},
    _createRunForToolStart(_tool: unknown, input: unknown): void {
      if (typeof input === "object" && input !== null) Object.assign(input, { target: EVIL });
    },
  };
  it("a tracer that writes into the input of a tool with a zod schema changes nothing", async () => {
    const bench = createBench(NOT_EVIL);
    const wrapped = bench.stack.wrapTool(made(bench, z.object({ target: z.string() })));
    await wrapped.invoke({ target: "t1" }, { ...bench.as(), callbacks: [tracer] as never });
    expect(bench.ran).toEqual([{ target: "t1" }]);
  });
  it("a tracer that writes into the input of a tool with a JSON schema is found out at the tool's door", async () => {
    const bench = createBench(NOT_EVIL);
    const wrapped = bench.stack.wrapTool(
      made(bench, { type: "object", properties: { target: { type: "string" } }, required: ["target"] }),
    );
    const code = await codeOf(wrapped.invoke({ target: "t1" }, { ...bench.as(), callbacks: [tracer] as never }));
    expect(code).toBe("ARGUMENTS_CHANGED");
    expect(counts(bench)).toEqual({ ran: 0, judged: 1, held: 0, settled: 0, denied: ["ARGUMENTS_CHANGED"] });
  });

  it("a tool that changes its own arguments is free to, and nobody else sees it", async () => {
    const seen: unknown[] = [];
    const bench = createBench(ALLOW, [
      plugin((api) =>
        api.tap(hooks.tool.call, async (call, next) => {
          const reply = await next(call);
          seen.push(call.parsed, call.raw);
          return reply;
        }),
      ),
    ]);
    const sent = { list: [1] };
    const wrapped = bench.stack.wrapTool(
      made(bench, z.object({ list: z.array(z.number()) }), (args: { list: number[] }) => args.list.push(2)),
    );
    await wrapped.invoke(sent, bench.as());
    expect({ seen, sent }).toEqual({ seen: [{ list: [1] }, { list: [1] }], sent: { list: [1] } });
  });

  it("Date, Map, Set and bytes are copied as data", async () => {
    const bench = createBench(ALLOW, [
      plugin((api) =>
        api.tap(
          hooks.tool.admit,
          () => (args.when.setTime(0), args.tags.set("b", 2), args.ids.add(2), (args.bytes[0] = 9), undefined),
        ),
      ),
    ]);
    const args = { when: new Date(5), tags: new Map([["a", 1]]), ids: new Set([1]), bytes: new Uint8Array([1]) };
    await bench.stack.wrapTool(made(bench, z.looseObject({}))).invoke(args, bench.as());
    expect(bench.ran).toEqual([
      { when: new Date(5), tags: new Map([["a", 1]]), ids: new Set([1]), bytes: new Uint8Array([1]) },
    ]);
  });

  it("a key called __proto__ stays data and pollutes nothing", async () => {
    const bench = createBench(ALLOW);
    await bench.stack
      .wrapTool(made(bench, z.looseObject({})))
      .invoke(JSON.parse('{"target":"t1","__proto__":{"isAdmin":true}}'), bench.as());
    expect((bench.ran[0] as { isAdmin?: unknown }).isAdmin).toBe(undefined);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBe(undefined);
  });
});

describe("schemas that do not answer twice the same", () => {
  const stateful = () => {
    let calls = 0;
    return {
      schema: z.object({ target: z.string().transform(() => (calls++ === 0 ? "t1" : EVIL)) }),
      calls: () => calls,
    };
  };
  const late = () => {
    let calls = 0;
    return {
      schema: z.object({
        target: z.string().transform(async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return calls++ === 0 ? "t1" : EVIL;
        }),
      }),
      calls: () => calls,
    };
  };
  for (const [name, make] of [
    ["transform", stateful],
    ["async transform", late],
  ] as const) {
    for (const form of ["bare", "ToolCall", "ToolNode"] as const)
      it(`${name}, ${form}`, async () => {
        const bench = createBench(NOT_EVIL);
        const { schema, calls } = make();
        const raw = made(bench, schema);
        if (form === "ToolNode")
          await nodeGraph(bench, [raw]).invoke({ messages: [asks({ target: "x" })] }, bench.as());
        else
          await bench.stack
            .wrapTool(raw)
            .invoke(
              form === "bare" ? { target: "x" } : { type: "tool_call", name: TARGET, id: "c1", args: { target: "x" } },
              bench.as(),
            );
        expect({ ran: bench.ran, calls: calls(), judged: bench.seen.judged }).toEqual({
          ran: [{ target: "t1" }],
          calls: 1,
          judged: 1,
        });
      });
    it(`${name} of a runnable as tool`, async () => {
      for (const form of ["bare", "ToolCall", "ToolNode"] as const) {
        const bench = createBench(NOT_EVIL);
        const { schema } = make();
        const raw = RunnableLambda.from(async (args: unknown) => {
          bench.ran.push(args);
          return "dropped";
        }).asTool({ name: TARGET, description: "Drops.", schema: schema as never }) as unknown as Callable;
        if (form === "ToolNode")
          await nodeGraph(bench, [raw]).invoke({ messages: [asks({ target: "x" })] }, bench.as());
        else
          await bench.stack
            .wrapTool(raw)
            .invoke(
              form === "bare" ? { target: "x" } : { type: "tool_call", name: TARGET, id: "c1", args: { target: "x" } },
              bench.as(),
            );
        expect(bench.ran, form).toHaveLength(1);
        expect(JSON.stringify(bench.ran), form).not.toContain(EVIL);
      }
    });
  }

  it("what a transform makes dangerous is judged, not what was sent", async () => {
    const bench = createBench(NOT_EVIL);
    const wrapped = bench.stack.wrapTool(
      made(bench, z.object({ target: z.string().transform((t) => `/${EVIL}/${t}`) })),
    );
    expect(await codeOf(wrapped.invoke({ target: "t1" }, bench.as()))).toBe("NO_GRANT");
    expect(bench.ran).toEqual([]);
  });

  it("what a transform hides is what a runnable as tool would not hide from a bare call", async () => {
    const bench = createBench(NOT_EVIL);
    const raw = RunnableLambda.from(async (args: unknown) => {
      bench.ran.push(args);
      return "dropped";
    }).asTool({
      name: TARGET,
      description: "Drops.",
      schema: z.object({ target: z.string().transform(() => "harmless") }) as never,
    }) as unknown as Callable;
    const code = await codeOf(bench.stack.wrapTool(raw).invoke({ target: EVIL }, bench.as()));
    expect({ code, ran: bench.ran }).toEqual({ code: "NO_GRANT", ran: [] });
  });

  it("a schema that refuses at the gate and accepts at the tool lets nothing through unjudged", async () => {
    for (const form of ["bare", "ToolCall"] as const) {
      const bench = createBench({ name: "never", code: "NO_GRANT", guard: () => deny("NO_GRANT", "Never.") });
      let calls = 0;
      const raw = made(bench, z.object({ target: z.string().refine(() => calls++ > 0) }));
      await bench.stack
        .wrapTool(raw)
        .invoke(
          form === "bare" ? { target: "t1" } : { type: "tool_call", name: TARGET, id: "c1", args: { target: "t1" } },
          bench.as(),
        )
        .catch(() => undefined);
      expect(bench.ran, form).toEqual([]);
    }
  });
});

describe("arguments that the schema refuses", () => {
  const NEVER: Cause = { name: "never", code: "NO_GRANT", guard: () => deny("NO_GRANT", "Never.") };
  const kinds = {
    "own invoke": ownInvoke.make,
    "runnable as tool": (ran: unknown[]) =>
      RunnableLambda.from(async (args: unknown) => void ran.push(args)).asTool({
        name: TARGET,
        description: "Drops.",
        schema: z.object({ target: z.string() }) as never,
      }) as unknown as Callable,
  };
  for (const [name, make] of Object.entries(kinds))
    for (const form of ["bare", "ToolCall", "ToolNode"] as const)
      it(`are no way around the gate of a tool that does not check them itself: ${name}, ${form}`, async () => {
        const bench = createBench(NEVER);
        const raw = make(bench.ran);
        const args = { target: 7 };
        if (form === "ToolNode") await nodeGraph(bench, [raw]).invoke({ messages: [asks(args)] }, bench.as());
        else
          await bench.stack
            .wrapTool(raw)
            .invoke(form === "bare" ? args : { type: "tool_call", name: TARGET, id: "c1", args }, bench.as())
            .catch(() => undefined);
        expect(bench.ran).toEqual([]);
      });

  it("are refused by the tool in its own words, zod or JSON schema, and take no quota", async () => {
    for (const schema of [
      z.object({ target: z.string() }),
      { type: "object", properties: { target: { type: "string" } }, required: ["target"] },
    ]) {
      const bench = createBench(ALLOW);
      const raw = made(bench, schema);
      await expect(bench.stack.wrapTool(raw).invoke({ target: 7 }, bench.as())).rejects.toThrow(
        "did not match expected schema",
      );
      const state = (await nodeGraph(bench, [raw]).invoke({ messages: [asks({ target: 7 })] }, bench.as())) as Messages;
      expect((state.messages.at(-1) as ToolMessage).status).toBe("error");
      expect(isDenied(state.messages.at(-1))).toBe(false);
      expect({ ran: bench.ran, ended: bench.seen.ended, denied: bench.seen.denied }).toEqual({
        ran: [],
        ended: ["error", "error"],
        denied: [],
      });
      expect({ settled: bench.seen.settled, kept: bench.seen.taken - bench.seen.released }).toEqual({
        settled: 0,
        kept: 0,
      });
    }
  });
});

describe("a langchain middleware between the gate and the tool", () => {
  const agent = (bench: Bench, rewrite: (args: Record<string, unknown>) => unknown, handles = 1) =>
    bench.stack.wrap(
      createAgent({
        model: scriptedModel((messages) =>
          messages.some((m) => m.type === "tool")
            ? { say: "done" }
            : { call: { name: TARGET, args: { target: "t1" }, id: "c1" } },
        ),
        tools: [kitOf(bench).raw as never],
        middleware: [
          createMiddleware({
            name: "Rewrites",
            async wrapToolCall(request, handler) {
              let result = await handler({
                ...request,
                toolCall: {
                  ...request.toolCall,
                  args: rewrite(request.toolCall.args as Record<string, unknown>) as Record<string, unknown>,
                },
              });
              for (let i = 1; i < handles; i++) result = await handler(request);
              return result;
            },
          }),
        ],
      }),
    );
  const run = async (bench: Bench, graph: ReturnType<typeof agent>): Promise<ToolMessage> =>
    (
      (await graph.invoke({ messages: [new HumanMessage("go")] } as never, bench.as())) as unknown as Messages
    ).messages.find((m) => m.type === "tool") as ToolMessage;

  it("that rewrites into something denied is judged again, and nothing runs", async () => {
    const bench = createBench(NOT_EVIL);
    const message = await run(
      bench,
      agent(bench, () => ({ target: EVIL })),
    );
    expect(isDenied(message)).toBe(true);
    expect(counts(bench)).toEqual({ ran: 0, judged: 2, held: 0, settled: 0, denied: ["NO_GRANT"] });
  });
  it("that rewrites in place is judged again, and nothing runs", async () => {
    const bench = createBench(NOT_EVIL);
    const message = await run(
      bench,
      agent(bench, (args) => Object.assign(args, { target: EVIL })),
    );
    expect(isDenied(message)).toBe(true);
    expect(counts(bench)).toEqual({ ran: 0, judged: 2, held: 0, settled: 0, denied: ["NO_GRANT"] });
  });
  it("that rewrites into something allowed runs that, judged twice, admitted once", async () => {
    const bench = createBench(NOT_EVIL);
    await run(
      bench,
      agent(bench, () => ({ target: "t2" })),
    );
    expect(bench.ran).toEqual([{ target: "t2" }]);
    expect(counts(bench)).toEqual({ ran: 1, judged: 2, held: 0, settled: 1, denied: [] });
  });
  it("that copies the call changes nothing: judged once", async () => {
    const bench = createBench(NOT_EVIL);
    await run(
      bench,
      agent(bench, (args) => ({ ...args })),
    );
    expect(counts(bench)).toEqual({ ran: 1, judged: 1, held: 0, settled: 1, denied: [] });
  });
  it("that runs the tool twice is admitted twice", async () => {
    const bench = createBench(NOT_EVIL);
    await run(
      bench,
      agent(bench, (args) => args, 2),
    );
    expect(counts(bench)).toEqual({ ran: 2, judged: 2, held: 0, settled: 2, denied: [] });
  });
});

describe("plugins around the call", () => {
  const around = (
    body: (next: (call?: never) => Promise<{ value: unknown }>, call: never) => Promise<{ value: unknown }>,
  ): Plugin => plugin((api) => api.tap(hooks.tool.call, (call, next) => body(next as never, call as never) as never));

  it("that hand on other arguments are judged again, and nothing denied runs", async () => {
    for (const change of [{ raw: { target: EVIL } }, { raw: { target: EVIL }, parsed: { target: "t1" } }]) {
      const bench = createBench(NOT_EVIL, [around((next, call: object) => next({ ...call, ...change } as never))]);
      expect(await codeOf(kitOf(bench).tool.invoke({ target: "t1" }, bench.as()))).toBe("NO_GRANT");
      expect(counts(bench)).toEqual({ ran: 0, judged: 2, held: 0, settled: 0, denied: ["NO_GRANT"] });
    }
  });
  it("that hand on other parsed arguments only do not change what runs", async () => {
    const bench = createBench(NOT_EVIL, [
      around((next, call: object) => next({ ...call, parsed: { target: EVIL } } as never)),
    ]);
    await kitOf(bench).tool.invoke({ target: "t1" }, bench.as());
    expect(bench.ran).toEqual([{ target: "t1" }]);
  });
  it("that hand on other allowed arguments run those", async () => {
    const bench = createBench(NOT_EVIL, [
      around((next, call: object) => next({ ...call, raw: { target: "t2" } } as never)),
    ]);
    await kitOf(bench).tool.invoke({ target: "t1" }, bench.as());
    expect(bench.ran).toEqual([{ target: "t2" }]);
    expect(counts(bench)).toEqual({ ran: 1, judged: 2, held: 0, settled: 1, denied: [] });
  });
  it("that retry are authorized again per attempt: revoked at the second, it stops, and the first still counts", async () => {
    const errors: unknown[] = [];
    const bench = createBench(
      {
        name: "revoked",
        code: "REVOKED",
        guard: () => (bench.seen.judged > 1 ? deny("REVOKED", "Not any more.") : undefined),
      },
      [
        around(async (next, call) => {
          for (;;)
            try {
              return await next(call);
            } catch (error) {
              errors.push(error);
              if (DeniedError.isDenied(error)) throw error;
            }
        }),
      ],
    );
    const failing = made(bench, z.object({ target: z.string() }), () => {
      throw new Error("flaky");
    });
    expect(await codeOf(bench.stack.wrapTool(failing).invoke({ target: "t1" }, bench.as()))).toBe("REVOKED");
    // It ran once: its place is used up, not given back.
    expect(counts(bench)).toEqual({ ran: 1, judged: 2, held: 0, settled: 1, denied: ["REVOKED"] });
    expect(errors).toHaveLength(2);
  });
  it("that hedge are authorized for the second attempt too", async () => {
    const bench = createBench(ALLOW, [around((next, call) => Promise.race([next(call), next(call)]))]);
    await kitOf(bench).tool.invoke({ target: "t1" }, bench.as());
    expect({ ran: bench.ran.length, judged: bench.seen.judged }).toEqual({ ran: 2, judged: 2 });
  });
  it("that answer themselves run nothing", async () => {
    const bench = createBench(ALLOW, [around(async () => ({ value: "cached" }))]);
    expect(await kitOf(bench).tool.invoke({ target: "t1" }, bench.as())).toBe("cached");
    expect(counts(bench)).toEqual({ ran: 0, judged: 1, held: 0, settled: 1, denied: [] });
  });
  it("that withhold a result do not give the place back: the tool ran", async () => {
    const bench = createBench(ALLOW, [
      plugin((api) =>
        api.tap(hooks.tool.result, () => {
          throw new Error("card number 4111");
        }),
      ),
    ]);
    const message = (await kitOf(bench).tool.invoke(
      { type: "tool_call", name: TARGET, id: "c1", args: { target: "t1" } },
      bench.as(),
    )) as ToolMessage;
    expect(isDenied(message)).toBe(true);
    expect(JSON.stringify(message)).not.toContain("4111");
    expect(counts(bench)).toEqual({ ran: 1, judged: 1, held: 0, settled: 1, denied: ["RESULT_WITHHELD"] });
  });
});

describe("a denial inside a tool", () => {
  const inner = (bench: Bench): Callable =>
    bench.stack.wrapTool(
      tool(async () => "never", { name: "inner", description: "Denied.", schema: z.object({}) }) as unknown as Callable,
    );
  const denyInner = plugin((api) =>
    api.tap(hooks.tool.authorize, (call) => (call.name === "inner" ? deny("INNER", "No.") : undefined)),
  );

  it("is the inner tool's: the outer one ran, failed and stays counted", async () => {
    for (const form of ["bare", "ToolNode"] as const) {
      const bench = createBench(ALLOW, [denyInner]);
      const wrappedInner = inner(bench);
      const outer = made(bench, z.object({ target: z.string() }), () => wrappedInner.invoke({}));
      if (form === "bare")
        expect(await codeOf(bench.stack.wrapTool(outer).invoke({ target: "t1" }, bench.as()))).toBe("INNER");
      else await nodeGraph(bench, [outer]).invoke({ messages: [asks({ target: "t1" })] }, bench.as());
      expect(counts(bench), form).toEqual({ ran: 1, judged: 1, held: 0, settled: 1, denied: [] });
      expect(bench.seen.ended, form).toEqual(["error"]);
    }
  });

  it("tells the model what to do, and nothing of the policy, wherever in the tool it was met", async () => {
    const secretive = plugin((api) => {
      const no = deny("SHUT", "Answer without it.", { reason: "row 7 of the grants of alice" });
      api.tap(hooks.tool.authorize, (call) => (call.name === "inner" ? no : undefined));
      api.tap(hooks.model.authorize, () => no);
    });
    const places: Record<string, (bench: Bench, self: Callable) => unknown> = {
      "a tool": (_bench, self) => self.invoke({}),
      "tools side by side": async (_bench, self) => {
        throw new AggregateError([await self.invoke({}).catch((error: unknown) => error)]);
      },
      "an agent behind a middleware": (bench) =>
        createAgent({
          model: bench.stack.wrapModel(scriptedModel([])),
          tools: [],
          middleware: [createMiddleware({ name: "Passes", wrapModelCall: (request, handler) => handler(request) })],
        }).invoke({ messages: [new HumanMessage("go")] }),
    };
    for (const [place, meet] of Object.entries(places)) {
      const bench = createBench(ALLOW, [secretive]);
      const wrappedInner = inner(bench);
      const outer = made(bench, z.object({ target: z.string() }), () => meet(bench, wrappedInner));
      const { messages } = await nodeGraph(bench, [outer]).invoke(
        { messages: [asks({ target: "t1" })] },
        bench.as() as never,
      );
      const told = String(messages.at(-1)?.content);
      expect(told, place).toContain("SHUT: Answer without it.");
      expect(told, place).not.toMatch(/row 7|Why:|graphtap/);
      const call = { type: "tool_call", name: TARGET, id: "c1", args: { target: "t1" } };
      const thrown: unknown = await bench.stack
        .wrapTool(outer)
        .invoke(call, bench.as())
        .catch((error: unknown) => error);
      expect(thrown, place).toMatchObject({ code: "SHUT", reason: "row 7 of the grants of alice" });
      expect((thrown as Error).cause, place).toBeInstanceOf(Error);
    }
  });
});

describe("what is kept of a refusal", () => {
  it("holds nothing of arguments that cannot be read, names of keys included", async () => {
    const deep = (levels: number): object => (levels === 0 ? {} : { "thea@example.com": deep(levels - 1) });
    const odd: Record<string, unknown> = {
      "a function": { "thea@example.com": () => 1 },
      "too deep": deep(50),
      "a getter that throws": {
        get "thea@example.com"() {
          throw new Error("thea@example.com");
        },
      },
    };
    for (const [what, args] of Object.entries(odd)) {
      const bench = createBench(ALLOW);
      const target = bench.stack.wrapTool(made(bench, { type: "object", properties: {} }));
      expect(await codeOf(target.invoke(args, bench.as())), what).toBe("ARGUMENTS_UNREADABLE");
      expect(bench.seen.denied[0]?.reason, what).not.toContain("thea");
      expect(counts(bench), what).toMatchObject({ ran: 0, denied: ["ARGUMENTS_UNREADABLE"] });
    }
  });

  it("holds nothing of a result that is withheld because a filter failed over it", async () => {
    const quotes = plugin((api) =>
      api.tap(hooks.tool.result, ({ value }) => {
        throw new Error(`cannot parse ${String(value)}`);
      }),
    );
    const bench = createBench(ALLOW, [quotes]);
    expect(await codeOf(kitOf(bench).tool.invoke({ target: "t1" }, bench.as()))).toBe("RESULT_WITHHELD");
    expect(bench.seen.denied.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^plugin "test-extra-\d+" failed in "tool.result"$/),
    ]);
  });
});

describe("recursion", () => {
  const recursive = (bench: Bench): Callable => {
    const wrapped: Callable = bench.stack.wrapTool(
      made(bench, z.object({ depth: z.number() }), ({ depth }: { depth: number }) =>
        depth === 0 ? "bottom" : wrapped.invoke({ depth: depth - 1 }),
      ),
    );
    return wrapped;
  };
  it("is judged and admitted at every level", async () => {
    const bench = createBench(ALLOW);
    await recursive(bench).invoke({ depth: 3 }, bench.as());
    expect(counts(bench)).toEqual({ ran: 4, judged: 4, held: 0, settled: 4, denied: [] });
  });
  it("stops at the level that is denied", async () => {
    const bench = createBench({
      name: "deep",
      code: "TOO_DEEP",
      guard: ({ parsed }) => ((parsed as { depth: number }).depth === 1 ? deny("TOO_DEEP", "Enough.") : undefined),
    });
    expect(await codeOf(recursive(bench).invoke({ depth: 3 }, bench.as()))).toBe("TOO_DEEP");
    expect(counts(bench)).toEqual({ ran: 2, judged: 3, held: 0, settled: 2, denied: ["TOO_DEEP"] });
  });
});
