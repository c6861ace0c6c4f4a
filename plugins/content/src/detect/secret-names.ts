import { fold } from "./fold.js";

/** How much a key says of its value: `password` even of a short or numeric one, `token` of text that looks like one. */
export type SecretName = "password" | "secret" | "token" | null;

const PASSWORDS = new Set(["password", "passwd", "pwd", "passphrase", "passcode"]);
const SECRETS = new Set([
  "secret",
  "credential",
  "credentials",
  "authorization",
  "apikey",
  "apitoken",
  "apisecret",
  "appsecret",
  "clientsecret",
  "sessiontoken",
  "secretkey",
  "privatekey",
  "accesskey",
  "authtoken",
  "accesstoken",
  "refreshtoken",
]);
/** Of a form that asks for it twice. */
const AGAIN = new Set(["confirm", "confirmation", "again", "repeat", "verify"]);
/** What a `key` has to be of. */
const KEYS = new Set([
  "api",
  "secret",
  "private",
  "access",
  "signing",
  "encryption",
  "auth",
  "service",
  "master",
  "shared",
  "account",
  "ssh",
  "client",
  "hmac",
]);
/** A token of these is a piece of text, or a place in a list. */
const TOKENS_OF_TEXT = new Set(
  "next page continuation sync cursor max min num total stop eos bos pad unk mask sep cls special input output prompt completion new start end first last per each any current previous prev image audio text cached reasoning delta".split(
    " ",
  ),
);

/** Whose `pass` is a password: `DB_PASS`, and not a boarding pass. */
const PASS_OF = new Set(
  "db database user admin root smtp imap mail mysql postgres pg redis ftp ssh login auth".split(" "),
);

// Humps, dashes, dots and underscores part words; one class per alternative, so linear.
const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;
const MEMO_LIMIT = 4_096;
const memo = new Map<string, SecretName>();

/** What the name of a key, a variable or an option says of its value: `max_tokens` nothing, `password` everything. */
export function secretName(name: string): SecretName {
  if (name.length < 3 || name.length > 256) return null;
  const known = memo.get(name);
  if (known !== undefined) return known;
  const plain = fold(name, true).text;
  const judged = plain.length > 64 ? null : judge(plain.match(WORDS) ?? []);
  if (memo.size >= MEMO_LIMIT) memo.clear();
  memo.set(name, judged);
  return judged;
}

function judge(parts: readonly string[]): SecretName {
  let end = parts.length;
  // `password2`
  while (end > 1 && /^[0-9]/.test(parts[end - 1] as string)) end--;
  const last = parts[end - 1]?.toLowerCase() ?? "";
  const before = parts[end - 2]?.toLowerCase() ?? "";
  if (AGAIN.has(last) && PASSWORDS.has(before)) return "password";
  // `PGPASSWORD`
  if (last.endsWith("password") || last.endsWith("passwd")) return "password";
  if (PASSWORDS.has(last) || (last === "pass" && PASS_OF.has(before))) return "password";
  if (SECRETS.has(last)) return "secret";
  if (last === "key") return KEYS.has(before) ? "secret" : null;
  if (last === "token" || last === "jwt") return TOKENS_OF_TEXT.has(before) ? null : "token";
  return null;
}

/** The same for the name of a list: `passwords`, `api_keys`. Lists of tokens are mostly texts taken apart. */
export function secretListName(name: string): SecretName {
  const judged = secretName(name) ?? (name.endsWith("s") ? secretName(name.slice(0, -1)) : null);
  return judged === "token" ? null : judged;
}

/** Whether an element of such a list is a secret, and not the name of one. */
export function isSecretElement(name: SecretName, value: unknown): boolean {
  if (name !== "secret") return isSecretValue(name, value);
  return typeof value === "string" && value.length >= 8 && /[0-9]/.test(value) && isSecretValue(name, value);
}

// Each alternative is anchored and made of one class: no way to be slow.
const PLACEHOLDER =
  /^(?:\*+|\.{3,}|…|<[^>]*>|\$\{[^}]*\}|\{\{[^}]*\}\}|\{[^}]*\}|%[A-Za-z_]+%|\$[A-Za-z_]+|process\.env\.\w+|null|none|nil|undefined|true|false|required|optional|string|bearer|basic|redacted|masked|hidden)$/i;

const LABEL = /^\[hidden:[a-z0-9-]{1,40}\]$/;

/** Whether a text is what was put in the place of a hidden one, and nothing else. */
export const isLabel = (text: string): boolean => text.length <= 50 && LABEL.test(text);

/** Whether a value under such a key is one that nobody has to hide. */
export function isPlaceholder(value: string): boolean {
  return isLabel(value) || (value.length <= 80 && PLACEHOLDER.test(value));
}

/** Whether a value of data under a key with such a name is a secret. */
export function isSecretValue(name: SecretName, value: unknown): boolean {
  if (name === null) return false;
  if (typeof value === "number" || typeof value === "bigint") return name === "password";
  if (typeof value !== "string" || value === "" || isPlaceholder(value)) return false;
  // `{ "token": "the" }` is how texts are taken apart.
  return name !== "token" || (value.length >= 8 && !value.includes(" "));
}
