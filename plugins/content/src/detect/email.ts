import { ALNUM, charSet, isWide, within } from "./chars.js";
import { type Hit, hit, MORE, OPEN, type Rule, type Swallow, type View } from "./rule.js";

const LOCAL = charSet("A-Za-z0-9._%+'-");
const LABEL = charSet("A-Za-z0-9-");
const LOCAL_LIMIT = 64;
const DOMAIN_LIMIT = 180;
const RETINA = /^[1-9]x\.(?:png|jpg|jpeg|gif|webp|avif|svg)$/i;

const inLocal = (code: number): boolean => within(LOCAL, code) || isWide(code);
const inLabel = (code: number): boolean => within(LABEL, code) || isWide(code);

/** E-mail addresses, names and domains beyond ASCII included; `name@1.2.3` and `@decorator` are none. */
export const emailRule: Rule = {
  id: "email",
  kind: "personal",
  priority: 50,
  starts: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  wide: true,
  match(view, at) {
    if (!view.mayBeAddress(at)) return null;
    let i = at;
    for (; ; i++) {
      const code = view.peek(i);
      if (i - at > LOCAL_LIMIT) return null;
      if (code === OPEN) return MORE;
      if (code === 64) break;
      if (!inLocal(code)) return null;
    }
    return domain(view, at, i + 1);
  },
};

function domain(view: View, at: number, from: number): Hit | typeof MORE | null {
  let label = from;
  /** Where the last label ends that may be a top-level domain. */
  let end = -1;
  let i = from;
  for (; ; i++) {
    const code = view.peek(i);
    if (code === OPEN && i - from < DOMAIN_LIMIT) return MORE;
    if (i - from >= DOMAIN_LIMIT) break;
    if (inLabel(code)) continue;
    if (i === label) break;
    if (label > from && isTopLevel(view.text, label, i)) end = i;
    if (code !== 46) break;
    label = i + 1;
  }
  // `icon@2x.png` is a picture for a fine screen.
  if (end > 0 && end - from <= 7 && RETINA.test(view.text.slice(from, end))) return null;
  if (end < 0) return i - from >= DOMAIN_LIMIT && label > from ? hit(at, i, { swallow: DOMAIN }) : null;
  return hit(at, end, { sample: `${view.text.charAt(at)}***@${view.text.slice(from, end)}` });
}

function isTopLevel(text: string, from: number, to: number): boolean {
  if (to - from < 2) return false;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (!isWide(code) && !(within(ALNUM, code) && (code > 57 || text.startsWith("xn--", from)))) return false;
  }
  return true;
}

/** A domain longer than any: nothing of it may be seen either. */
const DOMAIN: Swallow = {
  run(text, from) {
    let i = from;
    while (i < text.length && (inLabel(text.charCodeAt(i)) || text.charCodeAt(i) === 46)) i++;
    return i;
  },
};
