import { BASE64, HEX, within } from "./chars.js";
import { type Hit, hit, MORE, OPEN, type Rule } from "./rule.js";

const MIN = 20;
/** A longer run is taken for a file or a hash; looking into those would mean to hold them back. */
const MAX = 240;

/** Finds what is hidden in a text; null where nothing is. */
export type Look = (text: string) => { readonly id: string; readonly sample: string | null } | null;

/** One level of base64 or hexadecimal around something that another rule finds. */
export const encodedRule = (look: Look): Rule => ({
  id: "encoded",
  kind: "secret",
  priority: 70,
  starts: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  match(view, at) {
    let to = at;
    let hex = true;
    for (; ; to++) {
      const code = view.peek(to);
      if (to - at >= MAX) return null;
      if (code === OPEN) return MORE;
      if (!within(BASE64, code)) break;
      hex &&= within(HEX, code);
    }
    if (to - at < MIN) return null;
    let end = to;
    for (; end - to < 2; end++) {
      const code = view.peek(end);
      if (code === OPEN) return MORE;
      if (code !== 61) break;
    }
    return decoded(view.text.slice(at, to), hex, look, at, end);
  },
});

function decoded(run: string, hex: boolean, look: Look, from: number, to: number): Hit | null {
  for (const encoding of hex && run.length % 2 === 0 ? (["hex", "base64"] as const) : (["base64"] as const)) {
    const text = Buffer.from(run, encoding).toString("latin1");
    if (!isText(text)) continue;
    const found = look(text);
    if (found !== null) return hit(from, to, { encoding, inner: found.id, sample: found.sample });
  }
  return null;
}

function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || code > 126) return false;
  }
  return text.length > 0;
}
