import { inspect } from "node:util";
import { createStack, definePlugin, hooks } from "@graphtap/langgraph";
import { scriptedTool } from "@graphtap/testkit";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";
import { cleaned } from "./thrown.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const MASK = "[hidden:openai-key]";

describe("an error on its way out", () => {
  it("says nothing of a secret in what it carries: details, headers, the errors it is made of", async () => {
    const carried = () =>
      Object.assign(new AggregateError([new Error(`one ${KEY}`), { code: KEY }], "many"), {
        details: `use ${KEY}`,
        response: { status: 401, headers: { authorization: `Bearer ${KEY}` } },
        cause: Object.assign(new Error("inner"), { key: KEY }),
      });
    await using stack = createStack({ plugins: [content()] });
    const tool = stack.wrapTool(
      scriptedTool("t", () => {
        throw carried();
      }),
    );
    const thrownBy = (node: (state: unknown, config: object) => Promise<object>) =>
      stack
        .wrap(new StateGraph(MessagesAnnotation).addNode("n", node).addEdge(START, "n").compile())
        .invoke({ messages: [] }, stack.as({ userId: "a" }))
        .then(
          () => null,
          (error: unknown) => error as ReturnType<typeof carried>,
        );
    for (const error of [
      await thrownBy(() => Promise.reject(carried())),
      await thrownBy(async (_state, config) => ({ messages: [await tool.invoke({ q: "1" }, config)] })),
    ]) {
      expect(error).toBeInstanceOf(AggregateError);
      expect(error).toMatchObject({
        details: `use ${MASK}`,
        response: { status: 401, headers: { authorization: "[hidden:credential]" } },
        cause: { message: "inner", key: MASK },
      });
      expect(error?.errors).toMatchObject([{ message: `one ${MASK}` }, { code: MASK }]);
      expect(String(error?.errors[0].stack)).not.toContain("Zq8Xw");
    }
  });

  it("is told to other plugins as it leaves, also to those that come before this one and tap before all", async () => {
    const told: string[] = [];
    const tell = ({ error }: { readonly error: unknown }): void =>
      void (error !== null && told.push(String((error as Error).message)));
    const first = definePlugin({
      name: "first",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.node.error, tell, { stage: "pre" });
        api.tap(hooks.node.end, tell, { stage: "pre" });
        api.tap(
          hooks.node.call,
          (request, next) => {
            const result = next(request);
            result.then(undefined, (error: unknown) => tell({ error }));
            return result;
          },
          { stage: "pre" },
        );
      },
    });
    await using stack = createStack({ plugins: [first(), content()] });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("n", () => {
        throw new Error(`no ${KEY}`);
      })
      .addEdge(START, "n")
      .compile();
    await expect(stack.wrap(graph).invoke({ messages: [] }, stack.as({ userId: "a" }))).rejects.toThrow(`no ${MASK}`);
    expect(told).toEqual([`no ${MASK}`, `no ${MASK}`, `no ${MASK}`]);
  });

  it("ends with a chain that never does, and says when nothing can be changed", () => {
    const looped = Object.assign(new Error(`a ${KEY}`), { self: null as unknown });
    looped.cause = looped;
    const clean = { text: (text: string) => text.replaceAll(KEY, MASK), data: (data: unknown) => data };
    expect(cleaned(looped, clean)?.error).toBe(looped);
    expect(looped.message).toBe(`a ${MASK}`);
    expect(cleaned(Object.freeze(new Error(KEY)), clean)).toBe(null);
    expect(cleaned(Object.freeze(Object.assign(new Error("x"), { key: KEY })), clean)).toBe(null);
  });

  class Named extends Error {
    override name = `Named ${KEY}`;
  }
  const late = (): Error => {
    const error = new Error(`was ${KEY}`);
    void error.stack;
    error.message = "later";
    return error;
  };
  const chain = (length: number): Error => {
    let error = new Error(KEY);
    for (let i = 0; i < length; i++) error = new Error(`by ${i}`, { cause: error });
    return error;
  };
  const THROWN: Readonly<Record<string, () => unknown>> = {
    "a text": () => `it was ${KEY}`,
    "an object that is no error": () => ({ message: KEY, list: [KEY] }),
    "an error of the platform": () => new DOMException(KEY, "DataError"),
    "a trace that repeats an earlier message": late,
    "a cause that is a text": () => new Error("a", { cause: KEY }),
    "a cause that is data": () => new Error("a", { cause: { password: "Zq8Xw" } }),
    "a text among errors": () => new AggregateError([new Error(KEY), KEY], "many"),
    "its name": () => new Named("a"),
    "fields by symbol, and hidden ones": () =>
      Object.defineProperty(Object.assign(new Error("a"), { [Symbol("s")]: KEY }), "h", {
        value: KEY,
        configurable: true,
      }),
    "a long chain of causes": () => chain(100),
    "a field that cannot be changed": () => Object.defineProperty(new Error("a"), "h", { value: KEY }),
    "a chain that is too long": () => chain(1_100),
  };
  it.each(Object.entries(THROWN))("says nothing of a secret: %s", async (_name, make) => {
    const seen: unknown[] = [];
    const watch = definePlugin({
      name: "watch",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.run.error, ({ error }) => void seen.push(error));
        api.tap(hooks.run.end, ({ error }) => void seen.push(error));
        api.tap(hooks.node.error, ({ error }) => void seen.push(error));
        api.tap(hooks.node.end, ({ error }) => void seen.push(error));
      },
    })();
    await using stack = createStack({ plugins: [content(), watch] });
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("n", () => {
          throw make();
        })
        .addEdge(START, "n")
        .compile(),
    );
    seen.push(await graph.invoke({ messages: [] }, stack.as({ userId: "a" })).catch((error: unknown) => error));
    const shown = seen.map(
      (error) => `${inspect(error, { depth: 200, showHidden: true })} ${String((error as Error).stack)}`,
    );
    expect(shown.join()).not.toContain("Zq8Xw");
    expect(shown.length).toBeGreaterThan(1);
  });

  it.each(Object.entries(THROWN))("is stored without the secret: %s", async (_name, make) => {
    await using stack = createStack({ plugins: [content()] });
    const saver = new MemorySaver();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("n", () => {
        throw make();
      })
      .addEdge(START, "n")
      .compile({ checkpointer: saver });
    const config = stack.as({ userId: "a", conversationId: "c" });
    await expect(stack.wrap(graph).invoke({ messages: [] }, config)).rejects.toBeDefined();
    const stored = Buffer.from(
      JSON.stringify(
        Object.values(saver.writes).flatMap((by) => Object.values(by)),
        (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value),
      ),
    ).toString();
    expect(stored).toContain("__error__");
    expect(stored).not.toContain("Zq8Xw");
  });
});
