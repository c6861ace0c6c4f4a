import { ALNUM, isAlnum, isDigit, within } from "./chars.js";
import { luhn, mod97 } from "./checksum.js";
import { type Hit, hit, MORE, OPEN, type Rule, type View } from "./rule.js";

const DIGITS = "0123456789";
const CARD_MIN = 13;
const CARD_MAX = 19;

/** Payment cards: thirteen to nineteen digits as issuers give them out, with a right check digit, in groups or not. */
export const cardRule: Rule = {
  id: "card",
  kind: "personal",
  priority: 60,
  starts: "23456",
  match(view, at) {
    if (joined(view, at)) return null;
    let digits = "";
    let best: Hit | null = null;
    let group = 0;
    let shortest = CARD_MAX;
    let longest = 0;
    for (let i = at; ; i++) {
      const code = view.peek(i);
      if (code === OPEN) return MORE;
      if (isDigit(code)) {
        if (digits.length === CARD_MAX) return best;
        digits += String.fromCharCode(code);
        group++;
        continue;
      }
      longest = Math.max(longest, group);
      // Groups as they are printed, or single digits: a row of small numbers is none.
      const grouped = longest === 1 || (shortest >= 4 && group >= 3);
      const whole = digits.length >= CARD_MIN && grouped && !isAlnum(code);
      if (whole && isIssued(digits) && luhn(digits) && !isArticle(digits, i - at)) best = cardHit(at, i, digits);
      shortest = Math.min(shortest, group);
      group = 0;
      if (code !== 32 && code !== 45) return best;
      // Eight digits and a dash begin a UUID; no card is written so.
      if (code === 45 && digits.length === 8 && i === at + 8) return best;
      const next = view.peek(i + 1);
      if (next === OPEN) return MORE;
      if (!isDigit(next)) return best;
    }
  },
};

/** Whether cards of such a length are given out with such a beginning. */
function isIssued(digits: string): boolean {
  const { length } = digits;
  const start = Number(digits.slice(0, 4));
  if (digits.startsWith("4")) return length === 13 || length === 16 || length === 19;
  if (digits.startsWith("5")) return length === 16;
  if (digits.startsWith("6")) return length >= 16;
  if (digits.startsWith("2")) return length === 16 && start >= 2200 && start <= 2720;
  if (digits.startsWith("34") || digits.startsWith("37")) return length === 15;
  return length === (digits.startsWith("35") ? 16 : 14);
}

/** Thirteen digits in a row with the check digit of an article's number (EAN): cards of that length are no longer given out. */
function isArticle(digits: string, width: number): boolean {
  if (digits.length !== 13 || width !== 13) return false;
  let sum = 0;
  for (let k = 0; k < 13; k++) sum += Number(digits.charAt(k)) * (k % 2 === 0 ? 1 : 3);
  return sum % 10 === 0;
}

const cardHit = (from: number, to: number, digits: string): Hit => hit(from, to, { sample: `****${digits.slice(-4)}` });

/** A number that goes on to the left is another number. */
function joined(view: View, at: number): boolean {
  const before = view.prev(at);
  return isDigit(before) || before === 46 || before === 95;
}

/** Social security numbers of the USA, of ranges that were given out. */
export const ssnRule: Rule = {
  id: "ssn",
  kind: "personal",
  priority: 55,
  starts: DIGITS,
  match(view, at) {
    if (joined(view, at) || view.prev(at) === 45) return null;
    const sign = view.peek(at + 3);
    let digits = "";
    for (let k = 0; k < 11; k++) {
      const code = view.peek(at + k);
      if (code === OPEN) return MORE;
      if (k === 3 || k === 6) {
        if ((code !== 45 && code !== 32) || code !== sign) return null;
      } else if (!isDigit(code)) return null;
      else digits += String.fromCharCode(code);
    }
    const next = view.peek(at + 11);
    if (next === OPEN) return MORE;
    if (isAlnum(next) || next === 45) return null;
    const area = digits.slice(0, 3);
    const given = area !== "000" && area !== "666" && area < "900" && digits.slice(3, 5) !== "00";
    return given && digits.slice(5) !== "0000" ? hit(at, at + 11) : null;
  },
};

// Length of an IBAN by country, as registered.
const IBAN_LENGTHS = new Map(
  (
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22" +
    "GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20" +
    "MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24" +
    "TR26UA29VA22VG24XK20YE30"
  )
    .match(/[A-Z]{2}\d{2}/g)
    ?.map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** Bank accounts with the length of their country and right check digits, in groups or not. */
export const ibanRule: Rule = {
  id: "iban",
  kind: "personal",
  priority: 58,
  starts: "ABCDEFGHIKLMNOPQRSTUVXYabcdefghiklmnopqrstuvxy",
  match(view, at) {
    const third = view.peek(at + 2);
    if (third !== OPEN && !isDigit(third)) return null;
    let iban = "";
    let length = 0;
    for (let i = at; ; i++) {
      const code = view.peek(i);
      if (code === OPEN) return MORE;
      if (code === 32 && iban.length >= 4) {
        const next = view.peek(i + 1);
        if (next === OPEN) return MORE;
        if (!isAlnum(next)) return null;
        continue;
      }
      if (!within(ALNUM, code)) return null;
      const n = iban.length;
      if ((n === 2 || n === 3) !== isDigit(code) && n < 4) return null;
      iban += String.fromCharCode(code).toUpperCase();
      if (n + 1 === 2 && (length = IBAN_LENGTHS.get(iban) ?? 0) === 0) return null;
      if (n + 1 < length || length === 0) continue;
      const next = view.peek(i + 1);
      if (next === OPEN) return MORE;
      return isAlnum(next) || !mod97(iban)
        ? null
        : hit(at, i + 1, { sample: `${iban.slice(0, 2)}**${iban.slice(-4)}` });
    }
  },
};

const PHONE_MAX = 15;
const PHONE_SPAN = 30;

/**
 * Telephone numbers: `+` and seven to fifteen digits, `(555) 123-4567`, `555-123-4567`, `555.123.4567`. Plain rows of
 * digits, dates and versions are none.
 */
export const phoneRule: Rule = {
  id: "phone",
  kind: "personal",
  priority: 40,
  starts: `+(${DIGITS}`,
  match(view, at) {
    const first = view.peek(at);
    if (joined(view, at) || isAlnum(view.prev(at)) || view.prev(at) === 45) return null;
    return first === 43 ? international(view, at) : national(view, at);
  },
};

function international(view: View, at: number): Hit | typeof MORE | null {
  let digits = 0;
  let end = at;
  const second = view.peek(at + 1);
  if (second !== OPEN && second !== 40 && !isDigit(second)) return null;
  for (let i = at + 1; i - at <= PHONE_SPAN; i++) {
    const code = view.peek(i);
    if (code === OPEN) return MORE;
    if (isDigit(code)) {
      if (++digits > PHONE_MAX) return null;
      end = i + 1;
      continue;
    }
    if (!isSeparator(code) || i - end > 1) break;
  }
  if (isAlnum(view.peek(end)) || digits < 7) return null;
  return view.peek(end) === OPEN ? MORE : hit(at, end);
}

const isSeparator = (code: number): boolean =>
  code === 32 || code === 45 || code === 46 || code === 40 || code === 41 || code === 47;

/** `ddd-ddd-dddd` with one sign throughout, or the area in brackets, with an optional `1` before. */
function national(view: View, at: number): Hit | typeof MORE | null {
  let i = at;
  if (view.peek(i) === 49) {
    const sign = view.peek(i + 1);
    if (sign === OPEN) return MORE;
    if (sign !== 45 && sign !== 46 && sign !== 32) return null;
    i += 2;
  }
  const bracket = view.peek(i) === 40;
  if (bracket) i++;
  for (const [count, part] of [
    [3, 0],
    [3, 1],
    [4, 2],
  ] as const) {
    for (let k = 0; k < count; k++, i++) {
      const code = view.peek(i);
      if (code === OPEN) return MORE;
      if (!isDigit(code)) return null;
    }
    const code = view.peek(i);
    if (code === OPEN) return MORE;
    if (part === 2) return isAlnum(code) || code === 45 ? null : hit(at, i);
    if (part === 0 && bracket) {
      if (code !== 41) return null;
      i++;
      const blank = view.peek(i);
      if (blank === OPEN) return MORE;
      if (blank === 32 || blank === 45) i++;
    } else {
      if (code !== 45 && code !== 46 && code !== 32) return null;
      i++;
    }
  }
  return null;
}
