import { ALNUM, charSet, IDENTIFIER, isDigit, within } from "./chars.js";
import { ESCAPED_QUOTE } from "./fold.js";
import { type Hit, hit, MORE, OPEN, type Rule, type Swallow, swallowSet, type View } from "./rule.js";
import { isPlaceholder, isSecretValue, secretName, type SecretName } from "./secret-names.js";

const NAME_LIMIT = 64;
/** As much of a value is read to tell a placeholder from a secret. */
const VALUE_LIMIT = 80;
const QUOTED_LIMIT = 8_192;
/** Blanks between a name and its value, where files are written in columns. */
const BLANKS = 24;
/** What a header says before the value that counts. */
const SCHEMES = new Set(["basic", "token", "digest", "apikey"]);
const QUOTES = new Set([34, 39, 96, ESCAPED_QUOTE]);
const BARE = charSet("A-Za-z0-9!#$%*+./:?@\\^_|~-");
const MARKS = charSet("!#$%*^@~");

/** Hides to the closing quote; a value that has none ends with its line. */
class Quoted implements Swallow {
  #left = QUOTED_LIMIT;
  constructor(readonly quote: number) {}

  run(text: string, from: number): number {
    let i = from;
    for (; i < text.length && this.#left > 0; i++, this.#left--) {
      const code = text.charCodeAt(i);
      if (code === this.quote || (code === 34 && this.quote === ESCAPED_QUOTE)) break;
    }
    return i;
  }
}

/** A value under a key that names a secret, in text: `"password": "x"`, `API_KEY=a1b2c3d4`. The key stays. */
export const credentialRule: Rule = {
  id: "credential",
  kind: "secret",
  priority: 65,
  starts: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  match(view, at) {
    if (!view.mayBeKey(at, NAME_LIMIT + BLANKS + 2)) return null;
    let end = at;
    for (; within(IDENTIFIER, view.peek(end)); end++) if (end - at >= NAME_LIMIT) return null;
    if (view.peek(end) === OPEN) return MORE;
    let i = end;
    const data = QUOTES.has(view.peek(i));
    if (data) i++;
    i = skip(view, i, data);
    if (i < 0 || !mayFollow(view.peek(i))) return null;
    const name = secretName(view.text.slice(at, end));
    // The end of a longer name, which is none: `page_token`.
    if (name === null || (name === "token" && view.prev(at) === 95)) return null;
    const sign = view.peek(i);
    if (sign === OPEN) return MORE;
    i++;
    // `=>`, `:=` and `==`
    if (within(SIGN, view.peek(i))) i++;
    if (view.peek(i) === OPEN) return MORE;
    i = skip(view, i, data);
    if (i < 0) return null;
    const first = view.peek(i);
    if (first === OPEN) return MORE;
    return QUOTES.has(first) ? quoted(view, i + 1, first, name) : bare(view, i, name);
  },
};

const SIGN = charSet("=>:");
const mayFollow = (code: number): boolean => code === 58 || code === 61 || code === OPEN;

/** Past blanks, and in data past the ends of lines; -1 where there are more than a key and its value have between them. */
function skip(view: View, from: number, data = false): number {
  let i = from;
  for (; ; i++) {
    const code = view.peek(i);
    if (code !== 32 && code !== 9 && !(data && (code === 10 || code === 13))) return i;
    if (i - from >= BLANKS) return -1;
  }
}

/** `user:password`, as headers carry it. */
const isBasic = (value: string): boolean => /^[!-~]+:/.test(Buffer.from(value, "base64").toString("latin1"));

function quoted(view: View, from: number, quote: number, name: SecretName): Hit | typeof MORE | null {
  let to = from;
  for (; to - from < VALUE_LIMIT; to++) {
    const code = view.peek(to);
    if (code === OPEN) return MORE;
    if (code === -1 || code === quote || (code === 34 && quote === ESCAPED_QUOTE)) break;
  }
  if (!isSecretValue(name, view.text.slice(from, to))) return null;
  return hit(from, to, { swallow: new Quoted(quote) });
}

function bare(view: View, from: number, name: SecretName, scheme = ""): Hit | typeof MORE | null {
  let digit = false;
  let letter = false;
  let mark = false;
  let to = from;
  for (; to - from < VALUE_LIMIT; to++) {
    const code = view.peek(to);
    if (code === OPEN) return MORE;
    if (!within(BARE, code)) break;
    digit ||= isDigit(code);
    letter ||= within(ALNUM, code) && !isDigit(code);
    mark ||= within(MARKS, code);
  }
  if (view.peek(to) === OPEN) return MORE;
  const length = to - from;
  const word = view.text.slice(from, to).toLowerCase();
  if (scheme === "" && name === "secret" && SCHEMES.has(word)) {
    const next = skip(view, to);
    return next === to || next < 0 ? null : bare(view, next, name, word);
  }
  if (scheme === "basic" && isBasic(view.text.slice(from, to))) return hit(from, to, { swallow: swallowSet(BARE) });
  const looks = name === "password" ? length >= 4 && (digit || mark) : length >= 8 && digit && letter;
  // A call or a look-up in source code: what follows is no value.
  if (!looks || view.peek(to) === 40 || isPlaceholder(view.text.slice(from, to))) return null;
  return hit(from, to, { swallow: swallowSet(BARE) });
}
