import { createStack } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { programOf, sifted } from "./fixtures/texts.js";
import { content } from "./index.js";

const codeOf = (make: () => unknown): string => {
  try {
    make();
    return "none";
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
};

describe("options", () => {
  it("are refused where they are written, and say nothing of a pattern", () => {
    for (const wrong of [
      { patterns: [{ id: "x", pattern: "(a" }] },
      { patterns: [{ id: "x", pattern: "(a)\\1" }] },
      { patterns: [{ id: "x", pattern: "(?=a)b" }] },
      { patterns: [{ id: "x", pattern: "a*" }] },
      { patterns: [{ id: "x", pattern: "^a" }] },
      { patterns: [{ id: "x", pattern: "a".repeat(501) }] },
      { patterns: [{ id: "email", pattern: "abc" }] },
      { patterns: [{ id: "x", pattern: "abc" }], deny: [{ id: "x", terms: ["ab"] }] },
      { deny: [{ terms: [] }] },
      { deny: [{ terms: ["\u200b"] }] },
      { deny: [{ terms: ["y".repeat(49)] }] },
      { detectors: { emial: "mask" } },
      { secrets: "hide" },
      { limits: { depth: 0 } },
      { unknown: 1 },
    ])
      expect([wrong, codeOf(() => content(wrong as never))]).toEqual([wrong, "PLUGIN_OPTIONS_INVALID"]);
    try {
      content({ patterns: [{ id: "x", pattern: "(VERY-SECRET" }] });
    } catch (error) {
      expect(String(error)).not.toContain("VERY-SECRET");
      expect(String(error)).toContain("RE2");
    }
  });

  it("take a pattern that would be slow elsewhere, and find it in time", () => {
    const program = programOf({ patterns: [{ id: "slow", pattern: "(a+)+b" }] });
    expect(sifted(program, `${"a".repeat(20_000)} aab`).ids).toContain("slow");
    expect(sifted(program, "a".repeat(40_000)).ids).toEqual([]);
  });

  it("set an action for each detector and place, and what a group does not name stays", () => {
    const text = "bob@example.com 123-45-6789 sk-live-Zq8Xw9Kv2Tn7";
    const given = {
      personal: { output: "mask" as const },
      detectors: { ssn: "allow" as const, "openai-key": { output: "flag" as const } },
    };
    expect(sifted(programOf(given), text).text).toBe("[hidden:email] 123-45-6789 sk-live-Zq8Xw9Kv2Tn7");
    expect(sifted(programOf(given), text).found.map(({ id, action }) => [id, action])).toEqual([
      ["email", "mask"],
      ["openai-key", "flag"],
    ]);
    expect(sifted(programOf(given, "toolArguments"), text).found.map(({ id, action }) => [id, action])).toEqual([
      ["email", "flag"],
      ["openai-key", "block"],
    ]);
  });

  it("let the higher priority win where two begin together, and a flag hide nothing from others", () => {
    const deny = [{ id: "numbers", terms: ["4111"], action: "mask" as const }];
    expect(sifted(programOf({ personal: "mask", deny }), "4111 1111 1111 1111").ids).toEqual(["numbers"]);
    expect(
      sifted(programOf({ personal: "mask", deny, detectors: { card: { priority: 200 } } }), "4111 1111 1111 1111").ids,
    ).toEqual(["card"]);
    expect(sifted(programOf({ detectors: { credential: "flag" } }), '"api_key": "sk-live-Zq8Xw9Kv2Tn7"').text).toBe(
      '"api_key": "[hidden:openai-key]"',
    );
  });

  it("look for words of a list as they are meant: whole, in any case, spelling and spacing", () => {
    const program = programOf({ deny: [{ terms: ["project falcon", "rot"], action: "mask" }] });
    const show = (text: string): string => sifted(program, text).text;
    expect(show("PROJECT  Falcon is rot")).toBe("[hidden:deny-list] is [hidden:deny-list]");
    expect(show("p\u200brojeｃt\nfalcon")).toBe("[hidden:deny-list]");
    expect(show("carrot rotten projectfalcon")).toBe("carrot rotten projectfalcon");
    const inside = programOf({ deny: [{ terms: ["rot"], wholeWords: false, action: "mask" }] });
    expect(sifted(inside, "carrot").text).toBe("car[hidden:deny-list]");
  });

  it("hide nothing twice, and are not told apart from a secret by half a label", () => {
    const program = programOf({ personal: "mask" });
    for (const text of [
      '"password": "hunter2"',
      "redis://:s3cr3t@cache",
      "a sk-live-Zq8Xw9Kv2Tn7+49 151 2345 6789 b",
    ]) {
      const once = sifted(program, text).text;
      expect(once).toContain("[hidden:");
      expect(sifted(program, once)).toMatchObject({ text: once, ids: [] });
    }
    expect(sifted(program, '"password": "[hidden:x] hunter2"').text).toBe('"password": "[hidden:credential]"');
    expect(sifted(program, "[hidden:sk-live-Zq8Xw9Kv2Tn7]").text).not.toContain("Zq8");
    expect(sifted(program, "a sk-live-Zq8Xw9Kv2Tn7+49 151 2345 6789 b").ids).toEqual(["openai-key", "phone"]);
  });

  it("switch decoding off, and everything", () => {
    const encoded = Buffer.from("sk-live-Zq8Xw9Kv2Tn7LpRs").toString("base64");
    expect(sifted(programOf(), encoded).found[0]).toMatchObject({ id: "openai-key", encoding: "base64" });
    expect(sifted(programOf({ decode: false }), encoded).ids).toEqual([]);
    const stack = createStack({ plugins: [content({ secrets: "allow", personal: "allow" })] });
    const tapped = stack
      .inspect()
      .hooks.filter(({ taps }) => taps.length > 0)
      .map(({ name }) => name);
    expect(tapped).toEqual(["dashboard.collect"]);
  });
});

describe("the service", () => {
  it("scans and masks any value, and refuses a wrong question", async () => {
    await using stack = createStack({ plugins: [content({ personal: "mask", limits: { nodes: 1_000 } })] });
    const filter = stack.get(content);
    const value = { to: "thea@example.com", password: "x", list: ["4111 1111 1111 1111"] };
    const { clean, action, findings, counts } = filter.scan(value);
    expect([clean, action, counts]).toEqual([false, "mask", { card: 1, credential: 1, email: 1 }]);
    expect(findings.find(({ detector }) => detector === "email")).toMatchObject({
      path: "$.to",
      from: 0,
      to: 16,
      sample: "t***@example.com",
    });
    expect(findings.find(({ detector }) => detector === "card")).toMatchObject({
      path: "$.list[0]",
      sample: "****1111",
    });
    expect(filter.mask(value).value).toEqual({
      to: "[hidden:email]",
      password: "[hidden:credential]",
      list: ["[hidden:card]"],
    });
    expect(filter.mask("fine").value).toBe("fine");
    expect(filter.scan("sk-live-Zq8Xw9Kv2Tn7", { place: "toolArguments" }).action).toBe("block");
    expect(filter.scan(Array.from({ length: 2_000 }, () => 1))).toMatchObject({
      clean: false,
      action: "block",
      counts: { limit: 1 },
    });
    expect(codeOf(() => filter.mask(Array.from({ length: 2_000 }, () => 1)))).toBe("CONTENT_BLOCKED");
    expect(codeOf(() => filter.scan("x", { place: "nowhere" as never }))).toBe("CONTENT_QUERY_INVALID");
    expect(codeOf(() => filter.stats({ userId: "" }))).toBe("CONTENT_QUERY_INVALID");
    expect(codeOf(() => filter.stats({ tenantId: "acme" }))).toBe("CONTENT_QUERY_INVALID");
    expect(filter.stats()).toMatchObject({ total: 0, triggers: [] });
  });
});
