import { charSet, within } from "./chars.js";
import { hit, MORE, OPEN, type Rule, type Swallow } from "./rule.js";

const BEGIN = "-----BEGIN ";
const KIND = "PRIVATE KEY";
const LABEL = charSet("A-Z0-9 ");
const LABEL_LIMIT = 60;
/** The largest keys in use are below this; a header without an end hides no more than that. */
const KEY_LIMIT = 16_384;
const DASH = 45;
const END = "END";

/** Hides until the end marker has passed. It remembers where it is, so that nothing of the key has to be kept. */
class KeyBody implements Swallow {
  #left = KEY_LIMIT;
  #dashes = 0;
  /** Characters of the end marker that were seen; more than its length: its last dashes are awaited. */
  #end = 0;
  #over = false;

  run(text: string, from: number): number {
    let i = from;
    while (i < text.length && !this.#over) {
      const code = text.charCodeAt(i);
      if (this.#end > END.length && this.#dashes >= 5 && code !== DASH) break;
      i++;
      if (--this.#left === 0) this.#over = true;
      this.#take(code);
    }
    return i;
  }

  #take(code: number): void {
    if (this.#end > END.length) {
      this.#dashes = code === DASH ? this.#dashes + 1 : 0;
      return;
    }
    if (this.#end > 0 || this.#dashes >= 5) {
      if (this.#end === END.length && code === 32) {
        this.#end++;
        this.#dashes = 0;
        return;
      }
      if (code === END.charCodeAt(this.#end)) {
        this.#end++;
        return;
      }
    }
    this.#end = 0;
    this.#dashes = code === DASH ? this.#dashes + 1 : 0;
  }
}

/** A block `-----BEGIN ... PRIVATE KEY-----` with all that follows, to its end marker. */
export const privateKeyRule: Rule = {
  id: "private-key",
  kind: "secret",
  priority: 100,
  starts: "-",
  match(view, at) {
    if (view.prev(at) === DASH) return null;
    for (let k = 0; k < BEGIN.length; k++) {
      const code = view.peek(at + k);
      if (code === OPEN) return MORE;
      if (code !== BEGIN.charCodeAt(k)) return null;
    }
    const from = at + BEGIN.length;
    let to = from;
    for (; to - from < LABEL_LIMIT; to++) {
      const code = view.peek(to);
      if (code === OPEN) return MORE;
      if (!within(LABEL, code)) break;
    }
    if (!view.text.slice(from, to).includes(KIND)) return null;
    return hit(at, to, { swallow: new KeyBody() });
  },
};
