import type { ContentKind } from "../keys.js";
import { BASE64, HEX, within } from "./chars.js";
import { type Hit, hit, MORE, OPEN, type Rule } from "./rule.js";

const MIN = 20;
/** A longer run is taken for a file or a hash; looking into those would mean to hold them back. */
const MAX = 240;

/** Finds what is hidden in a text; null where nothing is. */
export type Look = (
  text: string,
) => { readonly id: string; readonly kind: ContentKind; readonly sample: string | null } | null;

/** One level of base64 or hexadecimal around something that another rule finds. */
export const encodedRule = (look: Look): Rule => ({
  id: "encoded",
  kind: "secret",
  priority: 70,
  starts: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  match(view, at) {
    const to = view.runEnd(at, BASE64);
    if (to - at >= MAX) return null;
    if (view.peek(to) === OPEN) return MORE;
    if (to - at < MIN) return null;
    let end = to;
    for (; end - to < 2; end++) {
      const code = view.peek(end);
      if (code === OPEN) return MORE;
      if (code !== 61) break;
    }
    return decoded(view.text.slice(at, to), look, at, end);
  },
});

function decoded(written: string, look: Look, from: number, to: number): Hit | null {
  const run = written.startsWith("0x") ? written.slice(2) : written;
  const hex = isHex(run);
  for (const encoding of hex && run.length % 2 === 0 ? (["hex", "base64"] as const) : (["base64"] as const)) {
    const text = Buffer.from(run, encoding).toString("utf8");
    if (!isText(text)) continue;
    const found = look(text);
    if (found !== null) return hit(from, to, { encoding, inner: found.id, kind: found.kind, sample: found.sample });
  }
  return null;
}

function isHex(run: string): boolean {
  for (let i = 0; i < run.length; i++) if (!within(HEX, run.charCodeAt(i))) return false;
  return true;
}

function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // What is no text decodes to controls, or to what stands for bytes that are none.
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || (code > 126 && code < 160) || code === 0xfffd)
      return false;
  }
  return text.length > 0;
}
