import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, Send, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createStack, definePlugin, hooks } from "@graphtap/langgraph";
import { security } from "graphtap";
import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";

/** How a call is made; those of one scenario are all made at the same time. */
type Way = "node" | "send" | "bare" | "toolCall" | "retry" | "batch";
interface Plan {
  readonly way: Way;
  readonly fails: boolean;
  /** Turns before the guard answers, before room is taken, and inside the tool. */
  readonly waits: readonly [number, number, number];
  /** Turns after which the caller gives up; null never. */
  readonly abortsAfter: number | null;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  way: fc.constantFrom<Way>("node", "send", "bare", "toolCall", "retry", "batch"),
  fails: fc.boolean(),
  waits: fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)),
  abortsAfter: fc.option(fc.nat(12), { freq: 4 }),
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Tally {
  /** By execution id: how often judged before it was admitted, how often admitted. */
  readonly judged: Map<string, number>;
  readonly admitted: Map<string, number>;
  readonly denied: string[];
  ran: number;
  settled: number;
  released: number;
}

async function scenario(plans: readonly Plan[], limit: number): Promise<Tally> {
  const tally: Tally = { judged: new Map(), admitted: new Map(), denied: [], ran: 0, settled: 0, released: 0 };
  const count = (map: Map<string, number>, id: string): unknown => map.set(id, (map.get(id) ?? 0) + 1);
  const planOf = (args: unknown): Plan => plans[(args as { at: number }).at] as Plan;
  const watch = definePlugin({
    name: "test-watch",
    version: "1.0.0",
    setup(api) {
      api.tap(hooks.tool.authorize, async (call) => {
        count(tally.judged, call.executionId);
        await turns(planOf(call.parsed).waits[0]);
      });
      // Behind the limiter: what comes here has its room.
      api.tap(
        hooks.tool.admit,
        async (call) => {
          count(tally.admitted, call.executionId);
          await turns(planOf(call.parsed).waits[1]);
          return { settle: () => void tally.settled++, release: () => void tally.released++ };
        },
        { stage: "post" },
      );
      api.tap(hooks.tool.denied, (event) => void tally.denied.push(event.code));
    },
  });
  await using stack = createStack({
    plugins: [security({ loop: { maxCalls: 10_000, maxCallsPerTool: 10_000, maxRepeats: 10_000 } }), watch()],
  });
  stack
    .get(security)
    .grantToolPermission({ userId: "alice", toolName: "drop", permissionLevel: "admin", rateLimit: limit });
  const raw = tool(
    async (args) => {
      tally.ran++;
      await turns(planOf(args).waits[2]);
      if (planOf(args).fails) throw new Error("failed");
      return "ok";
    },
    { name: "drop", description: "Drops.", schema: z.object({ at: z.number() }) },
  );
  const drop = stack.wrapTool(raw);
  const toolCall = (at: number) => ({ type: "tool_call" as const, name: "drop", args: { at }, id: `c${at}` });
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([raw]))
      .addConditionalEdges(
        START,
        ({ messages }) => {
          const calls = (messages.at(-1) as AIMessage).tool_calls ?? [];
          return messages.at(-1)?.id === "sends"
            ? calls.map((lg_tool_call) => new Send("tools", { messages, lg_tool_call }))
            : "tools";
        },
        ["tools"],
      )
      .compile(),
  );
  const signals = plans.map(({ abortsAfter }) => {
    if (abortsAfter === null) return undefined;
    const abort = new AbortController();
    void turns(abortsAfter).then(() => abort.abort());
    return abort.signal;
  });
  const config = (signal: AbortSignal | undefined) =>
    signal === undefined ? stack.as({ userId: "alice" }) : stack.as({ userId: "alice" }, { signal });
  const together = (way: "node" | "send"): Promise<unknown>[] => {
    const ats = plans.flatMap((one, at) => (one.way === way ? [at] : []));
    if (ats.length === 0) return [];
    const message = new AIMessage({
      id: way === "send" ? "sends" : "calls",
      content: "",
      tool_calls: ats.map(toolCall),
    });
    return [graph.invoke({ messages: [message] }, config(signals[ats[0] as number]))];
  };
  const alone = ({ way }: Plan, at: number): Promise<unknown>[] => {
    const as = config(signals[at]);
    switch (way) {
      case "bare":
        return [drop.invoke({ at }, as)];
      case "toolCall":
        return [drop.invoke(toolCall(at), as)];
      // Tries again at once; what withRetry gives waits for a second.
      case "retry":
        return [drop.withFallbacks([drop, drop]).invoke({ at }, as)];
      case "batch":
        return [drop.batch([{ at }, { at }], as)];
      default:
        return [];
    }
  };
  await Promise.allSettled([...together("node"), ...together("send"), ...plans.flatMap(alone)]);
  // What was given up runs on to its end.
  await turns(40);
  return tally;
}

it("of calls made at the same time, with retries and aborts, as many are admitted as the limit has room for, each once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 8 }),
      async (plans, limit) => {
        const { judged, admitted, denied, ran, settled, released } = await scenario(plans, limit);
        const kept = admitted.size - released;
        expect(ran).toBeLessThanOrEqual(limit);
        expect(kept).toBeLessThanOrEqual(limit);
        // Nothing runs that was not admitted, and each reservation ends once.
        expect(ran).toBeLessThanOrEqual(admitted.size);
        expect(settled + released).toBe(admitted.size);
        for (const map of [judged, admitted]) expect([...map.values()].filter((times) => times !== 1)).toEqual([]);
        for (const id of admitted.keys()) expect(judged.has(id)).toBe(true);
        expect(new Set(denied).size === 0 || denied.every((code) => code === "RATE_LIMIT_EXCEEDED")).toBe(true);
        // Nobody gave up: then every execution is an admission, and the room was used as far as it goes.
        if (plans.every(({ abortsAfter }) => abortsAfter === null)) {
          expect(ran).toBe(admitted.size);
          expect(ran).toBe(Math.min(limit, judged.size));
          expect(denied.length).toBe(judged.size - admitted.size);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
