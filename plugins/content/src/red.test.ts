import { createHash } from "node:crypto";
import { createStack } from "@graphtap/langgraph";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { content } from "./index.js";
import { inPieces, programOf, sifted } from "./fixtures/texts.js";

const KEY = "sk-live-Zq8Xw9Kv2Tn7LpRs";
const stack = createStack({ plugins: [content({ personal: "mask" })] });
const filter = stack.get(content);

class Credentials {
  constructor(readonly key: string) {}
}
class Client {
  constructor(readonly key: string) {}
  call(): string {
    return this.key;
  }
}

const FOUND: Readonly<Record<string, unknown>> = {
  "a letter of Cyrillic in a key": KEY.replace("X", "\u0425"),
  "a key that begins with one": `\u0455${KEY.slice(1)}`,
  "several of them, and one of Greek": KEY.replace("live", "l\u03b9v\u0435"),
  "JSON in JSON in JSON": JSON.stringify(JSON.stringify(JSON.stringify({ password: "hunter2" }))),
  "a hook of Slack": "https://hooks.slack.com/services/T01ABCDEF/B02ABCDEF/a1b2c3d4e5f6g7h8i9j0k1l2",
  "the number of a card as a number": { card: 4111111111111111 },
  "and in a list, as a bigint": [4111111111111111n],
  "an instance of a class that is only data": { of: new Credentials(KEY) },
  "the name that a message is given": new HumanMessage({ content: "hi", name: KEY }),
};

describe("what has to be hidden, written in a way that", () => {
  it.each(Object.entries(FOUND))("was passed over once: %s", (_way, value) => {
    const { clean, value: shown } = filter.mask(value);
    expect(clean).toBe(false);
    const text = JSON.stringify(shown, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
    expect(text).not.toMatch(/Zq8|w9Kv2|hunter2|41111111|a1b2c3d4e5/);
    expect(text).toContain("[hidden:");
  });

  it("is found in a stream as in the whole, letter by letter", () => {
    const program = programOf({ personal: "mask" });
    for (const value of Object.values(FOUND))
      if (typeof value === "string") {
        const whole = sifted(program, value).text;
        expect(inPieces(program, [...value]).parts.join("")).toBe(whole);
        expect(whole).toContain("[hidden:");
      }
  });

  it("keeps the class of data, and leaves live objects and words of other scripts alone", () => {
    expect(filter.mask(new Credentials(KEY)).value).toBeInstanceOf(Credentials);
    const live = { client: new Client(KEY) };
    expect(filter.mask(live).value).toBe(live);
    expect(filter.scan("Мой сосед Иван хорошо говорит, ΑΒΓ και αβγ. USBпорт и Wi-Fiсеть").clean).toBe(true);
  });

  it("is a word of a list in another script, in any case and whatever is next to it", () => {
    const own = createStack({
      plugins: [content({ deny: [{ terms: ["Москва", "сор", "Αθήνα", "falcon"], action: "mask" }] })],
    }).get(content);
    for (const text of ["москва", "МОСКВА-сити", "(сор)", "СОР-1", "αθήνα x", "f\u0430lcon", "FALC\u041eN"])
      expect([text, own.scan(text).clean]).toEqual([text, false]);
    for (const text of ["москвач", "сорок", "осор", "falconer"])
      expect([text, own.scan(text).clean]).toEqual([text, true]);
  });

  it("is found in messages with many blocks, and in all that a call and a reasoning holds", () => {
    const message = new AIMessage({
      content: [
        { type: "reasoning", reasoning: `think ${KEY}` },
        { type: "text", text: `say ${KEY}` },
        { type: "image_url", image_url: { url: `https://x.y/${KEY}` } },
      ] as never,
      tool_calls: [{ id: "1", name: "t", args: { [KEY]: 1, note: `{"password":"hunter2"}` } }],
      additional_kwargs: { refusal: KEY },
    });
    expect(JSON.stringify(filter.mask(message).value)).not.toMatch(/Zq8|hunter2/);
  });
});

const digest = (of: string, algorithm: string, form: "hex" | "base64" = "hex"): string =>
  createHash(algorithm).update(of).digest(form);
/** Figures and ids of ordinary letters to a help desk. */
const partsOf = (i: number): Readonly<Record<string, string>> => ({
  uuid: digest(`u${i}`, "md5")
    .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-4$3-a$4-$5")
    .slice(0, 36),
  sha: digest(`s${i}`, "sha1"),
  short: digest(`t${i}`, "sha1").slice(0, 7),
  sum: digest(`c${i}`, "sha256"),
  integrity: `sha512-${digest(`i${i}`, "sha512", "base64")}`,
  order: String(100_000_000 + i * 245_489),
  tracking: `1Z999AA1${10_000_000 + i * 7_919}`,
  ean: eanOf(400_638_133_390 + i * 37),
  price: `$${(i * 13.37).toFixed(2)}`,
  euro: `1.${234 + i},00 EUR`,
  date: new Date(1.7e12 + i * 1e9).toISOString(),
  epoch: String(1.7e12 + i * 1e7),
  version: `v1.${i}.3-rc.${i}`,
  range: `${100 + i}-${200 + i}-${3_000 + i}`,
  call: `call_${digest(`l${i}`, "md5").slice(0, 24)}`,
});
function eanOf(twelve: number): string {
  const sum = [...String(twelve)].reduce((all, digit, k) => all + Number(digit) * (k % 2 === 0 ? 1 : 3), 0);
  return `${twelve}${(10 - (sum % 10)) % 10}`;
}
const LETTERS = [
  "Where is my order {order}? I paid {price} on {date}.",
  "Tracking {tracking} says delivered, it is not.",
  "The price was {price}, the invoice says {euro}.",
  "Deploy of {sha} failed at {date}, please revert {short}.",
  "Request {uuid} timed out after 30 s, the tool call was {call}.",
  "Checksum {sum} does not match, npm says {integrity}.",
  "The article {ean} is out of stock, size 42, qty 3.",
  "It began at {epoch}; we run {version}.",
  "My room is {range}, second floor, Mon-Fri 9-17.",
  "I forgot my password, and the link says the token expired. My order is {order}.",
  "max_tokens: {order}, token_type: bearer, nextPageToken: {short}",
  "password: required, api_key: <your key>, auth: none ({uuid})",
];

describe("ordinary texts", () => {
  it("hold nothing to hide: 240 letters with ids, hashes, dates, prices and numbers of orders", () => {
    const wrong: string[] = [];
    let count = 0;
    for (let i = 0; i < 20; i++)
      for (const letter of LETTERS) {
        const parts = partsOf(i);
        const text = letter.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? "");
        count++;
        for (const { detector } of filter.scan(text).findings) wrong.push(`${detector}: ${text}`);
      }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(200);
  });
});
