import { createStack, definePlugin, hooks } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { gallery } from "../gallery/index.js";
import { reactLoop } from "../gallery/tools.js";
import { twoNodes } from "../gallery/basics.js";
import { texts } from "./compare.js";
import { dump } from "./dump.js";
import { normalise } from "./normalise.js";
import { type Mode, modes, record, type Recording } from "./record.js";
import { leaks } from "./suite.js";

const mode = (name: string): Mode => modes.find((one) => one.name === name) ?? expect.fail(`no mode "${name}"`);
const same = <T>(config: T): T => config;

describe("the comparison itself", () => {
  it("covers the graphs that were promised", () => {
    expect(gallery.length).toBeGreaterThanOrEqual(70);
    expect(new Set(gallery.map((one) => one.name)).size).toBe(gallery.length);
    const tags = new Set(gallery.flatMap((one) => one.tags));
    for (const tag of [
      "branch",
      "send",
      "parallel",
      "command",
      "subgraph",
      "interrupts",
      "retries",
      "errors",
      "limit",
      "tools",
      "entrypoint",
      "agent",
      "middleware",
      "multi-agent",
      "cache",
      "store",
    ])
      expect(tags).toContain(tag);
  });

  it("finds its graphs deterministic", async () => {
    for (const one of [twoNodes, reactLoop]) {
      const [a, b] = await Promise.all(
        [one.make(), one.make()].map((made) => record(made, made.graph, mode("stream all modes, subgraphs"), same)),
      );
      const { expected, actual } = texts(
        one,
        mode("stream all modes, subgraphs"),
        a as Recording,
        b as Recording,
        true,
      );
      expect(actual).toBe(expected);
    }
  });

  it("records results, chunks, traces, effects and stored bytes", async () => {
    const made = reactLoop.make();
    const all = await record(made, made.graph, mode("stream all modes, subgraphs"), same);
    const [turn] = all.turns as { seen: [unknown, string, unknown][] }[];
    expect(new Set(turn?.seen.map(([, name]) => name))).toEqual(
      new Set(["values", "updates", "messages", "checkpoints", "tasks", "debug", "tools"]),
    );
    expect(new Set(all.trace.map((event) => (event as { event: string }).event))).toEqual(
      new Set([
        "handleChainStart",
        "handleChatModelStart",
        "handleLLMNewToken",
        "handleLLMEnd",
        "handleChainEnd",
        "handleToolStart",
        "handleToolEnd",
      ]),
    );
    expect(all.effects).toEqual([
      { q: "refund 0", page: 1 },
      { q: "refund 1", page: 1 },
    ]);
    const [saver] = all.savers as { checkpoints: { record: unknown[] }[]; writes: unknown[] }[];
    expect(saver?.checkpoints).toHaveLength(7);
    expect(saver?.writes.length).toBeGreaterThan(7);
    expect(JSON.stringify(saver?.checkpoints[0]?.record)).toContain("channel_versions");
  });

  it("sees one changed character in a node's result, one step more, and one write less", async () => {
    const touch = (change: (value: unknown) => unknown) =>
      createStack({
        plugins: [
          definePlugin({
            name: "touch",
            version: "1.0.0",
            identity: "none",
            setup: (api) =>
              void api.tap(hooks.node.call, async (request, next) => change(await next(request)) as never),
          })(),
        ],
      });
    const run = async (stack: ReturnType<typeof touch> | null): Promise<Recording> => {
      const made = twoNodes.make();
      return record(made, stack === null ? made.graph : stack.wrap(made.graph as never), mode("invoke"), same);
    };
    const plain = await run(null);
    const compare = async (change: (value: unknown) => unknown): Promise<boolean> => {
      const { expected, actual } = texts(twoNodes, mode("invoke"), plain, await run(touch(change)), true);
      return expected === actual;
    };
    expect(await compare((value) => value)).toBe(true);
    expect(await compare((value) => ({ ...(value as object), log: ["First"] }))).toBe(false);
    expect(await compare(() => null)).toBe(false);
    const [checkpoint] = (plain.savers[0] as { checkpoints: unknown[] }).checkpoints;
    const more = {
      ...plain,
      savers: [
        {
          ...(plain.savers[0] as object),
          checkpoints: [checkpoint, ...(plain.savers[0] as { checkpoints: unknown[] }).checkpoints],
        },
      ],
    };
    expect(texts(twoNodes, mode("invoke"), plain, more, true)).not.toMatchObject({
      actual: texts(twoNodes, mode("invoke"), plain, plain, true).expected,
    });
  });

  it("numbers ids by their first appearance, and only ids and times", () => {
    const [a, b] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-5222-9222-222222222222"];
    expect(normalise(JSON.stringify([a, b, a]))).toBe('["#1","#2","#1"]');
    expect(normalise(JSON.stringify([b, a, b]))).toBe('["#1","#2","#1"]');
    expect(normalise(JSON.stringify([a, b, b]))).not.toBe(normalise(JSON.stringify([a, b, a])));
    expect(normalise('{"ts":"2026-01-02T03:04:05.678Z","at":1767323045678}')).toBe(
      '{"ts":"<time>","at":1000000000000}',
    );
    for (const text of ['"call_1"', "12345", '"2026-01-02"', '"deadbeef"', '{"step":-1}'])
      expect(normalise(text)).toBe(text);
    expect(normalise(JSON.stringify({ error: "no\n    at f (/a/b.ts:1:2)\n    at g (c.js:3:4)", after: 1 }))).toBe(
      '{"error":"no<frames>","after":1}',
    );
  });

  it("shows what JSON would drop, and survives cycles", () => {
    const cycle: Record<string, unknown> = {
      u: undefined,
      f: function named() {},
      m: new Map([["k", 1]]),
      e: Object.assign(new TypeError("bad"), { code: "X" }),
      n: Number.NaN,
    };
    cycle["self"] = cycle;
    expect(dump(cycle)).toEqual({
      u: "[undefined]",
      f: "[function named]",
      m: { "[class]": "Map", entries: [["k", 1]] },
      e: { "[class]": "TypeError", name: "TypeError", message: "bad", code: "X" },
      n: "[number NaN]",
      self: "[cycle]",
    });
    const shared = { a: 1 };
    expect(dump([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it("finds a name of ours anywhere in a recording, but not in stack frames", () => {
    const recording = (value: unknown): Recording => ({ turns: [value], trace: [], effects: [], savers: [] });
    expect(leaks(recording({ deep: [{ __graphtap: 1 }] }))).toHaveLength(1);
    expect(leaks(recording("Identity(alice-canary)"))).toHaveLength(1);
    expect(leaks(recording({ error: "boom\n    at x (/node_modules/@graphtap/langgraph/dist/index.js:1:1)" }))).toEqual(
      [],
    );
  });

  it("forgives a failing run more chunks than unwrapped, never fewer and never other ones", () => {
    const failing = (...seen: unknown[]): Recording => ({
      turns: [{ seen, thrown: "E" }],
      trace: [],
      effects: [],
      savers: [],
    });
    const equal = (plain: Recording, wrapped: Recording, exact = false): boolean => {
      const { expected, actual } = texts(twoNodes, mode("stream values"), plain, wrapped, exact);
      return expected === actual;
    };
    expect(equal(failing(1, 2), failing(1, 2, 3))).toBe(true);
    expect(equal(failing(1, 2), failing(1, 2, 3), true)).toBe(false);
    expect(equal(failing(1, 2), failing(1))).toBe(false);
    expect(equal(failing(1, 2), failing(1, 3, 2))).toBe(false);
    const fine = (...seen: unknown[]): Recording => ({ turns: [{ seen }], trace: [], effects: [], savers: [] });
    expect(equal(fine(1, 2), fine(1, 2, 3))).toBe(false);
  });
});
