import { BASE64URL, charSet, isDigit, lower, within } from "./chars.js";
import { type Hit, hit, MORE, OPEN, type Rule, SPACES_LIMIT, swallowSet, type View } from "./rule.js";
import { isLabel } from "./secret-names.js";

const TOKEN = charSet("A-Za-z0-9._~+/=-");
const JWT = charSet("A-Za-z0-9._=-");
const SCHEME = "bearer";

/** `Bearer <token>`: the word stays, the token goes. Words are told from tokens by a digit. */
export const bearerRule: Rule = {
  id: "bearer-token",
  kind: "secret",
  priority: 84,
  starts: "Bb",
  match(view, at) {
    for (let k = 0; k < SCHEME.length; k++) {
      const code = view.peek(at + k);
      if (code === OPEN) return MORE;
      if (lower(code) !== SCHEME.charCodeAt(k)) return null;
    }
    let from = at + SCHEME.length;
    for (; ; from++) {
      const code = view.peek(from);
      if (code === OPEN) return MORE;
      if (code !== 32 && code !== 9) break;
      if (from - at > SCHEME.length + SPACES_LIMIT) return null;
    }
    return from === at + SCHEME.length ? null : token(view, from);
  },
};

function token(view: View, from: number): Hit | typeof MORE | null {
  let digit = false;
  for (let k = 0; k < 60; k++) {
    const code = view.peek(from + k);
    if (code === OPEN) return MORE;
    if (!within(TOKEN, code)) return null;
    digit ||= isDigit(code);
    if (digit && k >= 11) return hit(from, from + k + 1, { swallow: swallowSet(TOKEN) });
  }
  return null;
}

const HEADER_LIMIT = 220;
const HEADER_WORDS = ['"alg"', '"typ"', '"kid"', '"enc"', '"x5'];

/** A JSON web token: two parts of base64 that begin with a JSON object, or the beginning of a header that says so. */
export const jwtRule: Rule = {
  id: "jwt",
  kind: "secret",
  priority: 85,
  starts: "e",
  match(view, at) {
    for (let k = 0; k < 3; k++) {
      const code = view.peek(at + k);
      if (code === OPEN) return MORE;
      if (code !== "eyJ".charCodeAt(k)) return null;
    }
    for (let k = 3; k < HEADER_LIMIT; k++) {
      const code = view.peek(at + k);
      if (code === OPEN) return MORE;
      if (code === 46) return k < 12 ? null : payload(view, at, at + k + 1);
      if (!within(BASE64URL, code)) return null;
    }
    const header = Buffer.from(view.text.slice(at, at + HEADER_LIMIT), "base64url").toString("latin1");
    return HEADER_WORDS.some((word) => header.includes(word)) ? found(at, at + HEADER_LIMIT) : null;
  },
};

function payload(view: View, at: number, from: number): Hit | typeof MORE | null {
  for (let k = 0; k < 4; k++) {
    const code = view.peek(from + k);
    if (code === OPEN) return MORE;
    if (!within(BASE64URL, code)) return null;
  }
  return found(at, from + 4);
}

const found = (from: number, to: number): Hit => hit(from, to, { swallow: swallowSet(JWT) });

const NOT_USER = charSet("@/:\"'<> \t\n\r");
const NOT_PASSWORD = charSet("\"'<> \t\n\r");
/** What ends a host. */
const NOT_HOST = charSet("/?#,;");

/** `https://user:password@host`: the password goes. */
export const urlPasswordRule: Rule = {
  id: "url-password",
  kind: "secret",
  priority: 83,
  starts: ":",
  match(view, at) {
    for (let k = 1; k < 3; k++) {
      const code = view.peek(at + k);
      if (code === OPEN) return MORE;
      if (code !== 47) return null;
    }
    let i = at + 3;
    for (; ; i++) {
      const code = view.peek(i);
      if (code === OPEN) return MORE;
      if (code === 58) break;
      if (code === -1 || within(NOT_USER, code) || i - at > 80) return null;
    }
    const from = i + 1;
    // The last `@` is the one before the host: a password that is not escaped may hold others, and one that is, reads so.
    let end = -1;
    for (i = from; ; i++) {
      const code = view.peek(i);
      if (code === OPEN) return MORE;
      if (code === 64) end = i;
      else if (code === -1 || within(NOT_PASSWORD, code) || i - from > 120) break;
      else if (within(NOT_HOST, code) && (end >= 0 || isPort(view.text, from, i))) break;
    }
    return end <= from || isLabel(view.text.slice(from, end)) ? null : hit(from, end);
  },
};

function isPort(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}
