import { AIMessage, HumanMessage, type BaseMessage } from "@langchain/core/messages";
import { messagesStateReducer } from "@langchain/langgraph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesOf, messagesDelta } from "./delta.js";
import { merge } from "./merge.js";

const human = (id: string, content = id) => new HumanMessage({ id, content });
const ai = (id: string, content = id) => new AIMessage({ id, content });
const by = (...values: readonly unknown[]) => values.map((value, index) => ({ member: `m${index}`, value }));

describe("changesOf", () => {
  it("leaves out what stayed the same, also as a copy", () => {
    const before = { messages: [human("1")], list: [1, { a: 1 }], n: 1, gone: 1 };
    const after = { messages: [human("1")], list: [1, { a: 1 }], n: 2, other: 5 };
    expect(changesOf(before, after, ["messages", "list", "n", "gone"])).toEqual({ n: 2 });
  });
});

describe("messagesDelta", () => {
  it("turns one list into the other, whatever was added, changed or removed", () => {
    const list = fc.uniqueArray(
      fc.record({ id: fc.constantFrom("1", "2", "3", "4"), text: fc.constantFrom("a", "b") }),
      {
        selector: ({ id }) => id,
      },
    );
    const made = (items: readonly { id: string; text: string }[]): BaseMessage[] =>
      items.map(({ id, text }) => human(id, text));
    fc.assert(
      fc.property(list, list, (one, other) => {
        const before = made(one);
        // A reducer keeps the place of what stays, so only its content can be compared.
        const after = made([
          ...one.flatMap(({ id }) => other.filter((item) => item.id === id)),
          ...other.filter(({ id }) => !one.some((item) => item.id === id)),
        ]);
        const joined = messagesStateReducer(before, messagesDelta(before, after) as BaseMessage[]);
        expect(joined.map(({ id, text }) => [id, text])).toEqual(after.map(({ id, text }) => [id, text]));
      }),
    );
  });
  it("takes messages without an id for what they are", () => {
    const question = new HumanMessage("q");
    expect(messagesDelta([question], [question, ai("a")]).map(({ text }) => text)).toEqual(["a"]);
  });
});

describe("merge", () => {
  const channel = "x";
  it("joins messages in declared order", () => {
    const before = [human("q")];
    const merged = merge("messages", {
      channel,
      before,
      changes: by([...before, ai("a"), ai("b")], [...before, ai("c")]),
    });
    expect((merged as { update: BaseMessage[] }).update.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(merge("messages", { channel, before, changes: by(["text"]) })).toHaveProperty("conflict");
  });
  it("appends what each appended", () => {
    expect(merge("append", { channel, before: [0], changes: by([0, 1], [0], [0, 2, 3]) })).toMatchObject({
      update: [1, 2, 3],
    });
    expect(merge("append", { channel, before: undefined, changes: by([1]) })).toMatchObject({ update: [1] });
    expect(merge("append", { channel, before: [0], changes: by([1]) })).toHaveProperty("conflict");
    expect(merge("append", { channel, before: 1, changes: by(2) })).toHaveProperty("conflict");
  });
  it("unites lists", () => {
    expect(merge("union", { channel, before: [], changes: by([{ a: 1 }], [{ a: 1 }, { a: 2 }]) })).toMatchObject({
      update: [{ a: 1 }, { a: 2 }],
    });
    expect(merge("union", { channel, before: [], changes: by(1) })).toHaveProperty("conflict");
  });
  it("takes the first or the last and says who disagreed", () => {
    expect(merge("last", { channel, before: 0, changes: by(1, 2) })).toEqual({
      update: 2,
      disagreed: true,
      kept: "m1",
    });
    expect(merge("first", { channel, before: 0, changes: by(1, 1) })).toEqual({
      update: 1,
      disagreed: false,
      kept: "m0",
    });
  });
  it("refuses to choose where nothing was declared", () => {
    expect(merge("only", { channel, before: 0, changes: by(1, 1) })).toMatchObject({ update: 1 });
    expect(merge("only", { channel, before: 0, changes: by(1, 2) })).toHaveProperty("conflict");
  });
  it("asks a function", () => {
    const sum = merge(
      ({ before, changes }) => changes.reduce((all, { value }) => all + (value as number) - (before as number), 0),
      {
        channel,
        before: 10,
        changes: by(11, 15),
      },
    );
    expect(sum).toMatchObject({ update: 6, disagreed: true, kept: null });
  });
});
