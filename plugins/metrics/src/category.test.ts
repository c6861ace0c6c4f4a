import { createStack, DeniedError, GraphTapError } from "@graphtap/langgraph";
import { openAIServer } from "@graphtap/testkit";
import { OutputParserException } from "@langchain/core/output_parsers";
import { ToolInputParsingException } from "@langchain/core/tools";
import { GraphRecursionError, InvalidUpdateError } from "@langchain/langgraph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classify } from "./category.js";

const withFields = (fields: object, name = "Error"): Error => Object.assign(new Error("text"), { name }, fields);
const category = (error: unknown, where: Parameters<typeof classify>[1] = "model"): string =>
  classify(error, where).category;

describe("classify", () => {
  it.each([
    ["cancelled", new DOMException("aborted", "AbortError")],
    ["timeout", new DOMException("late", "TimeoutError")],
    ["timeout", withFields({ code: "ETIMEDOUT" })],
    ["timeout", withFields({ status: 504 })],
    ["quota_exhausted", withFields({ status: 429, code: "insufficient_quota" })],
    ["quota_exhausted", withFields({ status: 429, error: { type: "insufficient_quota" } })],
    ["rate_limited", withFields({ status: 429 })],
    ["rate_limited", withFields({ lc_error_code: "MODEL_RATE_LIMIT" })],
    ["authentication", withFields({ status: 401 })],
    ["permission", withFields({ status: 403 })],
    ["not_found", withFields({ status: 404, lc_error_code: "MODEL_NOT_FOUND" })],
    ["context_length", withFields({ status: 400, code: "context_length_exceeded" })],
    ["content_filter", withFields({ status: 400, code: "content_filter" })],
    ["invalid_request", withFields({ status: 400 })],
    ["provider_unavailable", withFields({ status: 529, error: { type: "overloaded_error" } })],
    ["provider_unavailable", withFields({ response: { status: 503 } })],
    ["network", withFields({ code: "ECONNRESET" })],
    ["network", withFields({}, "APIConnectionError")],
    ["output_parsing", new OutputParserException("no JSON")],
    ["graph", new GraphRecursionError("too deep")],
    ["graph", new InvalidUpdateError("two writers")],
    ["storage", withFields({ code: "ENOSPC" })],
    ["internal", new TypeError("x is not a function")],
    [
      "policy",
      new DeniedError('"refund"', { code: "NOT_GRANTED", message: "no", reason: null, plugin: null, hook: null }),
    ],
    ["unknown", new Error("anything")],
    ["unknown", "a text"],
    ["unknown", null],
  ])("%s", (expected, error) => {
    expect(category(error)).toBe(expected);
  });

  it("takes what goes wrong inside a tool for the tool's, but for time-outs and aborts", () => {
    expect(category(new TypeError("x"), "tool")).toBe("tool");
    expect(category(withFields({ status: 500 }), "tool")).toBe("tool");
    expect(category(new ToolInputParsingException("bad"), "tool")).toBe("tool");
    expect(category(new DOMException("late", "TimeoutError"), "tool")).toBe("timeout");
  });

  it("goes by place where the error says nothing", () => {
    expect([category(new Error("x"), "run"), category(new Error("x"), "retrieval")]).toEqual(["graph", "retrieval"]);
  });

  it("follows causes and gathered errors to the first that says something", () => {
    expect(category(new Error("outer", { cause: new Error("middle", { cause: withFields({ status: 401 }) }) }))).toBe(
      "authentication",
    );
    expect(category(new AggregateError([withFields({ status: 429 })], "all failed"))).toBe("rate_limited");
  });

  it("says of our own errors that something in here is wrong", () => {
    const own = new GraphTapError({ code: "WRAP_UNSUPPORTED", what: "a", why: "b", do: "c" });
    expect(category(own, "run")).toBe("internal");
  });

  it("never throws and always ends, whatever was thrown", () => {
    const cyclic = new Error("a");
    cyclic.cause = cyclic;
    const trap = new Proxy(new Error("b"), {
      get() {
        throw new Error("no");
      },
    });
    expect(category(cyclic)).toBe("unknown");
    expect(category(trap)).toBe("unknown");
    fc.assert(fc.property(fc.anything(), (thrown) => void classify(thrown, "model")));
  });

  it.each([
    [{ status: 429 }, "rate_limited", true],
    [{ status: 500 }, "provider_unavailable", true],
    [{ status: 400 }, "invalid_request", false],
    [{ status: 401 }, "authentication", false],
  ])("knows what the real OpenAI client throws for %j", async (failure, expected, retryable) => {
    const { ChatOpenAI } = await import("@langchain/openai");
    await using server = await openAIServer({ script: [failure] });
    await using stack = createStack({ plugins: [] });
    const model = stack.wrapModel(
      new ChatOpenAI({ model: "gpt-4", apiKey: "x", maxRetries: 0, configuration: { baseURL: server.url } }),
    );
    const error: unknown = await model.invoke("hi").catch((thrown: unknown) => thrown);
    expect(classify(error, "model")).toMatchObject({ category: expected, retryable });
  });
});
