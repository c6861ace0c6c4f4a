import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { content, createStack, definePlugin, hooks, isDenied, type PluginInput } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, calling, failure, keeper } from "./parts.js";

const keep = keeper();
const who = { userId: "user123" };

/** A tool behind the filter, called as a graph would call it; gives the code of the refusal, or what it was called with. */
function gate(options: Parameters<typeof content>[0] = {}, ...more: PluginInput[]) {
  const stack = keep(createStack({ plugins: [content(options), ...more] as const }));
  const original = scriptedTool("save", "saved");
  const tool = stack.wrapTool(original);
  return {
    stack,
    original,
    async call(args: Record<string, unknown>): Promise<unknown> {
      try {
        await tool.invoke(args, stack.as(who));
        return original.calls.at(-1)?.args;
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    },
  };
}

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: content", () => {
  it('{"max_tokens": 100} was blocked', async () => {
    const { call } = gate();
    const args = { max_tokens: 100, timeout: 30, metadata: { token_count: 5 } };
    expect(await call(args)).toEqual(args);
    expect(await call({ text: JSON.stringify(args) })).toEqual({ text: JSON.stringify(args) });
  });

  it('"the tokenizer splits" was blocked, and so was every text with a word like password in it', async () => {
    const { call } = gate();
    for (const text of [
      "the tokenizer splits",
      "reset your password today",
      "credentials are checked",
      "private_key files",
    ])
      expect(await call({ text })).toEqual({ text });
  });

  it("sk-live-…, AKIA…, a PEM header and Bearer eyJ… were let through", async () => {
    const { call, original } = gate();
    for (const text of [
      "sk-live-Zq8Xw9Kv2Tn7",
      "AKIAIOSFODNN7EXAMPLE",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEow",
      "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ])
      expect([text, await call({ text })]).toEqual([text, "CONTENT_BLOCKED"]);
    expect(original.callCount).toBe(0);
  });

  it("a social security number and a card were not seen", async () => {
    const { call, stack } = gate();
    await call({ text: "123-45-6789 and 4111 1111 1111 1111" });
    expect(
      stack
        .get(content)
        .stats()
        .triggers.map(({ detector, action }) => `${detector} ${action}`),
    ).toEqual(["card flag", "ssn flag"]);
    const strict = gate({ personal: "block" });
    expect(await strict.call({ text: "123-45-6789" })).toBe("CONTENT_BLOCKED");
    expect(await strict.call({ text: "4111 1111 1111 1111" })).toBe("CONTENT_BLOCKED");
  });

  it("full-width and zero-width spellings went past it", async () => {
    const { call } = gate();
    for (const text of [
      "ｓｋ-live-Zq8Xw9Kv2Tn7",
      "s\u200bk-live-Zq8Xw9Kv2Tn7",
      "ＡＫＩＡＩＯＳＦＯＤＮＮ７ＥＸＡＭＰＬＥ",
      '"pass\u200bword": "x"',
    ])
      expect([text, await call({ text })]).toEqual([text, "CONTENT_BLOCKED"]);
  });

  it("nothing under a key with token or timeout in it, or under metadata, was looked at", async () => {
    const { call } = gate();
    const secret = "sk-live-Zq8Xw9Kv2Tn7";
    for (const args of [
      { metadata: { note: secret } },
      { timeout: secret },
      { token_hint: secret },
      { metadata: { password: "x" } },
    ])
      expect([args, await call(args)]).toEqual([args, "CONTENT_BLOCKED"]);
    expect(await call({ password: "x" })).toBe("CONTENT_BLOCKED");
  });

  it("a value that contains itself, or is nested very deep, raised an error of its own", async () => {
    const { stack } = gate();
    const circle: Record<string, unknown> = { text: "sk-live-Zq8Xw9Kv2Tn7" };
    circle["self"] = circle;
    expect(stack.get(content).scan(circle)).toMatchObject({ clean: false, counts: { "openai-key": 1 } });
    let deep: unknown = "x";
    for (let i = 0; i < 50_000; i++) deep = [deep];
    expect(stack.get(content).scan(deep)).toMatchObject({ clean: false, action: "block", counts: { limit: 1 } });
    const noisy = scriptedTool("echo", () => "ok");
    const workflow = await stack.createWorkflow({ mode: "tools", llm: scriptedModel(calling("echo")), tools: [noisy] });
    const refused = await failure(workflow.invoke({ ...ask("hi"), extra: deep } as never, stack.as(who)));
    expect(refused).toMatchObject({ code: "CONTENT_BLOCKED" });
  });

  it("ten megabytes were read to their end before anything else could run", async () => {
    const { stack } = gate();
    const found = stack.get(content).scan({ text: "y".repeat(10_000_000) });
    expect(found).toMatchObject({ clean: false, action: "block", counts: { limit: 1 } });
  });

  it("only parameters of tools were looked at: not the input, not a result, not the answer", async () => {
    const { stack } = gate();
    const secret = "AKIAIOSFODNN7EXAMPLE";
    const leaky = scriptedTool("leaky", `the key is ${secret}`);
    const seen: string[] = [];
    const llm = scriptedModel((messages) => {
      seen.push(messages.map(({ text }) => text).join());
      return messages.at(-1)?.type === "tool" ? { say: `here: ${secret}` } : { call: { name: "leaky", args: {} } };
    });
    const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [leaky] });
    const out = await workflow.invoke(ask(`use ${secret}`), stack.as(who));
    expect(JSON.stringify([out, seen])).not.toContain(secret);
    expect(out.messages.at(-1)?.text).toBe("here: [hidden:aws-key]");
  });

  it("a refusal because of the content used up a call of the limit", async () => {
    let taken = 0;
    const limit = definePlugin({
      name: "acme-limit",
      version: "1.0.0",
      setup(api) {
        api.tap(hooks.tool.admit, () => {
          taken++;
          return undefined;
        });
      },
    });
    const { call } = gate({}, limit());
    expect(await call({ text: "AKIAIOSFODNN7EXAMPLE" })).toBe("CONTENT_BLOCKED");
    expect(taken).toBe(0);
    await call({ text: "fine" });
    expect(taken).toBe(1);
  });

  it("the model was told the same for every reason", async () => {
    const { stack } = gate();
    const llm = scriptedModel((messages) =>
      messages.at(-1)?.type === "tool" ? { say: "ok" } : { call: { name: "save", args: { password: "x" } } },
    );
    const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [scriptedTool("save", "saved")] });
    const out = await workflow.invoke(ask("hi"), stack.as(who));
    expect(out.messages.find(isDenied)?.text).toMatch(
      /^CONTENT_BLOCKED: The arguments hold something that may not be sent/,
    );
  });
});
