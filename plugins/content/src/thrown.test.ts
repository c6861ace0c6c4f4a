import { createStack } from "@graphtap/langgraph";
import { scriptedTool } from "@graphtap/testkit";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";
import { cleanError } from "./thrown.js";

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

  it("ends with a chain that never does, and says when nothing can be changed", () => {
    const looped = Object.assign(new Error(`a ${KEY}`), { self: null as unknown });
    looped.cause = looped;
    const clean = { text: (text: string) => text.replaceAll(KEY, MASK), data: (data: unknown) => data };
    expect([cleanError(looped, clean), looped.message]).toEqual([true, `a ${MASK}`]);
    expect(cleanError(Object.freeze(new Error(KEY)), clean)).toBe(false);
    expect(cleanError(Object.freeze(Object.assign(new Error("x"), { key: KEY })), clean)).toBe(false);
  });
});
