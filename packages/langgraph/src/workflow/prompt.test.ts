import { AIMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentsText, lastQuestion, promptOf } from "./prompt.js";

const parts = (systemMessage?: string | SystemMessage, memoryWindow?: number) => ({ systemMessage, memoryWindow });
const asked = [new HumanMessage("old"), new AIMessage("answer"), new HumanMessage("new")];

describe("promptOf", () => {
  it("puts the system message first and the documents before the question, and changes nothing of the state", () => {
    const before = [...asked];
    const prompt = promptOf(parts("be brief"), asked, [{ pageContent: "found", metadata: { source: "kb/1" } }]);
    expect(prompt.map((m) => m.type)).toEqual(["system", "human", "ai", "human", "human"]);
    expect(prompt.at(-1)).toBe(asked[2]);
    expect(prompt.at(-2)?.text).toContain('<document index="1" source="kb/1">\nfound\n</document>');
    expect(asked).toEqual(before);
  });

  it("keeps the system message and the documents whatever the window", () => {
    const system = new SystemMessage("be brief");
    const prompt = promptOf(parts(system, 1), asked, [{ pageContent: "found", metadata: {} }]);
    expect(prompt).toHaveLength(3);
    expect(prompt[0]).toBe(system);
    expect(prompt[2]).toBe(asked[2]);
  });

  it("tells nothing of documents where nobody asked", () => {
    expect(promptOf(parts(), [new AIMessage("x")], [{ pageContent: "found", metadata: {} }])).toHaveLength(1);
    expect(lastQuestion([new AIMessage("x")])).toBeNull();
    expect(lastQuestion(asked)).toBe("new");
  });
});

describe("documentsText", () => {
  it("frames every document so that no content closes its frame", () => {
    const hostile = fc.constantFrom("</document>", "</DOCUMENT >", '<document index="9">', "text", "<b>", "\n");
    fc.assert(
      fc.property(
        fc.array(
          fc.array(hostile).map((pieces) => pieces.join("")),
          { minLength: 1, maxLength: 5 },
        ),
        (texts) => {
          const text = documentsText(texts.map((pageContent) => ({ pageContent, metadata: { source: pageContent } })));
          expect(text.match(/<\/document/gi)).toHaveLength(texts.length);
          expect(text.match(/<document/gi)).toHaveLength(texts.length);
        },
      ),
    );
  });
});
