import { ALNUM, BASE64URL, charSet, type CharSet, isDigit, UPPER_OR_DIGIT, within } from "./chars.js";
import { type Hit, hit, MORE, OPEN, type Rule, swallowSet, type View } from "./rule.js";

/** A secret that its provider marks by a prefix. */
interface Format {
  readonly id: string;
  readonly prefixes: readonly string[];
  readonly set: CharSet;
  /** Characters after the prefix that it has at least. */
  readonly min: number;
  /** Exactly `min` of them, and then something else. */
  readonly exact?: boolean;
  /** It looks like words otherwise: a digit has to come among the first forty. */
  readonly digit?: boolean;
}

const DASHED = charSet("A-Za-z0-9-");
const FORMATS: readonly Format[] = [
  { id: "anthropic-key", prefixes: ["sk-ant-"], set: BASE64URL, min: 16 },
  { id: "openai-key", prefixes: ["sk-live-", "sk-test-"], set: BASE64URL, min: 8 },
  { id: "openai-key", prefixes: ["sk-proj-", "sk-svcacct-", "sk-admin-"], set: BASE64URL, min: 32 },
  { id: "openai-key", prefixes: ["sk-"], set: BASE64URL, min: 20, digit: true },
  { id: "stripe-key", prefixes: ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"], set: ALNUM, min: 10 },
  { id: "aws-key", prefixes: ["AKIA", "ASIA", "ABIA", "ACCA"], set: UPPER_OR_DIGIT, min: 16, exact: true },
  { id: "github-token", prefixes: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], set: ALNUM, min: 30 },
  { id: "github-token", prefixes: ["github_pat_"], set: charSet("A-Za-z0-9_"), min: 22 },
  {
    id: "gitlab-token",
    prefixes: [
      "glpat-",
      "gldt-",
      "glrt-",
      "glrtr-",
      "glcbt-",
      "glptt-",
      "glft-",
      "glimt-",
      "glagent-",
      "glsoat-",
      "gloas-",
    ],
    // Newer ones go on after a dot.
    set: charSet("A-Za-z0-9_.-"),
    min: 20,
  },
  {
    id: "slack-token",
    prefixes: ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"],
    set: DASHED,
    min: 10,
    digit: true,
  },
  { id: "slack-token", prefixes: ["hooks.slack.com/services/"], set: charSet("A-Za-z0-9/"), min: 20, digit: true },
  { id: "google-key", prefixes: ["AIza"], set: BASE64URL, min: 30 },
  { id: "google-key", prefixes: ["GOCSPX-"], set: BASE64URL, min: 20 },
  { id: "google-key", prefixes: ["ya29."], set: charSet("A-Za-z0-9_.-"), min: 20 },
  { id: "npm-token", prefixes: ["npm_"], set: ALNUM, min: 30 },
  { id: "huggingface-token", prefixes: ["hf_"], set: ALNUM, min: 30 },
  { id: "sendgrid-key", prefixes: ["SG."], set: charSet("A-Za-z0-9_.-"), min: 40, digit: true },
];

const DIGIT_WITHIN = 40;

function matchFormat(view: View, at: number, prefix: string, format: Format): Hit | typeof MORE | null {
  for (let k = 0; k < prefix.length; k++) {
    const code = view.peek(at + k);
    if (code === OPEN) return MORE;
    if (code !== prefix.charCodeAt(k)) return null;
  }
  const from = at + prefix.length;
  const { set, min, digit, exact } = format;
  let count = 0;
  let seen = digit !== true;
  for (; count < min || !seen; count++) {
    if (count >= DIGIT_WITHIN && count >= min) return null;
    const code = view.peek(from + count);
    if (code === OPEN) return MORE;
    if (!within(set, code)) break;
    seen ||= isDigit(code);
  }
  if (count < min || !seen) return null;
  if (exact !== true) return hit(at, from + count, { swallow: swallowSet(set) });
  const next = view.peek(from + count);
  if (next === OPEN) return MORE;
  return within(ALNUM, next) ? null : hit(at, from + count);
}

/** Secrets by the formats of their providers, one rule for each detector. */
export const tokenRules: readonly Rule[] = [...new Set(FORMATS.map(({ id }) => id))].map((id) => {
  const formats = FORMATS.filter((format) => format.id === id);
  const pairs = formats.flatMap((format) => format.prefixes.map((prefix) => ({ prefix, format })));
  return {
    id,
    kind: "secret",
    priority: id === "anthropic-key" ? 91 : 90,
    starts: [...new Set(pairs.map(({ prefix }) => prefix.charAt(0)))].join(""),
    match(view, at) {
      let more = false;
      for (const { prefix, format } of pairs) {
        const found = matchFormat(view, at, prefix, format);
        if (found === MORE) more = true;
        else if (found !== null) return found;
      }
      return more ? MORE : null;
    },
  };
});
