import { filterText } from "../detect/text.js";
import { type Armed, type Program } from "../detect/program.js";
import { type Found, labelOf } from "../detect/sieve.js";
import { isSecretElement, isSecretValue, secretListName, secretName, type SecretName } from "../detect/secret-names.js";
import type { Memory } from "./memory.js";
import { copyOf, eachEntry, entriesOf, type Key, type Shape, shapeOf } from "./shape.js";

/** How much of a value is looked at. */
export interface ScanLimits {
  readonly characters: number;
  readonly nodes: number;
  readonly depth: number;
}
export type OverReason = "characters" | "nodes" | "depth" | "unreadable";

export interface Within {
  readonly raw: unknown;
  /** Known once the scan is over. */
  shown: unknown;
}

/** Something found in a value; `path` is built when it is read. */
export interface FoundAt {
  readonly found: Found;
  /** The text or value that it is in, before and after something was hidden in it. */
  readonly within: Within;
  /** The whole value at the path is meant. */
  readonly whole: boolean;
  readonly path: string;
}

export interface Scanned {
  /** Something has to be hidden. */
  readonly hides: boolean;
  /** Something that blocks was found. */
  readonly blocked: Found | null;
  /** Why not everything was looked at; null when it was. */
  readonly over: OverReason | null;
  readonly characters: number;
}

class Place {
  constructor(
    readonly value: object,
    readonly shape: Shape,
    readonly key: Key | null,
    readonly parent: Place | null,
    readonly depth: number,
    /** Of a list: what its name says of its elements. */
    readonly name: SecretName = null,
  ) {}
}

function pathOf(place: Place | null, key: Key | null): string {
  const steps: string[] = [];
  if (key !== null) steps.push(stepOf(key));
  for (let at = place; at !== null; at = at.parent) if (at.key !== null) steps.push(stepOf(at.key));
  return `$${steps.reverse().join("")}`;
}
const stepOf = (key: Key): string => (typeof key === "number" ? `[${key}]` : `.${key}`);

/** A number that may be one of a card: data has them as numbers too. */
const isLongNumber = (value: unknown): value is number | bigint =>
  (typeof value === "number" && value >= 1e12 && Number.isSafeInteger(value)) ||
  (typeof value === "bigint" && value >= 1_000_000_000_000n && value < 10n ** 20n);

/** Texts that are shorter cost less to tell by their signs than to remember. */
const SHORT = 256;

/** Names of keys that are shorter than this hold nothing that has to be looked for. */
const KEY_MIN = 8;

/** Looks through a value of any shape, in steps instead of recursion, and without running getters of its objects. */
export class Scan {
  #entered: Set<object> | null = null;
  #nodes = 0;
  #characters = 0;
  #hides = false;
  #blocked: Found | null = null;
  #over: OverReason | null = null;
  /** The budget is spent: what is left is not looked at. */
  #spent = false;
  /** The second way also goes through the copies that messages keep of their own fields. */
  #room = 1;
  /** What was found in the message at hand, until it is known whether it was told before. */
  #kept: FoundAt[] | null = null;
  /** Set on the second way through: what has to change, and who holds what. */
  #changes: Map<object, Map<Key, unknown>> | null = null;
  #names: Map<object, Map<string, string>> | null = null;
  #holders: Map<object, Set<object>> | null = null;
  #shapes: Map<object, Shape> | null = null;

  constructor(
    readonly program: Program,
    readonly limits: ScanLimits,
    /** What of this run was looked at before; null where nothing is remembered. */
    readonly memory: Memory | null,
    readonly report: (at: FoundAt) => void,
  ) {}

  run(root: unknown): Scanned {
    if (typeof root === "string") this.#text(root, null, null);
    else if (typeof root === "object" && root !== null) this.#walk(root);
    return { hides: this.#hides, blocked: this.#blocked, over: this.#over, characters: this.#characters };
  }

  /**
   * A copy of a value in which nothing is left of what has to be hidden. Parts without any are the value's own.
   * `complete`: all that the first look saw was seen again.
   */
  hidden(root: unknown): { readonly value: unknown; readonly complete: boolean } {
    const over = this.#over;
    this.#over = null;
    this.#spent = false;
    this.#room = 4;
    this.#entered = null;
    this.#nodes = 0;
    this.#characters = 0;
    const value = this.#copied(root);
    return { value, complete: this.#over === null || over !== null };
  }

  #copied(root: unknown): unknown {
    if (typeof root !== "object" || root === null) {
      this.#changes = new Map();
      return typeof root === "string" ? this.#text(root, null, null) : root;
    }
    this.#changes = new Map();
    this.#names = new Map();
    this.#holders = new Map();
    this.#shapes = new Map();
    this.#walk(root);
    return this.#rebuilt(root, this.#changes, this.#holders, this.#shapes, this.#names);
  }

  #walk(root: object): void {
    const todo: Place[] = [];
    this.#enter(todo, root, null, null);
    for (let place = todo.pop(); place !== undefined && !this.#spent; place = todo.pop()) this.#inside(todo, place);
  }

  #inside(todo: Place[], place: Place): void {
    if (place.shape === "array") {
      this.#list(todo, place);
      return;
    }
    const { shape } = place;
    const keyed = shape === "plain" || shape === "instance";
    const named = (keyed || shape === "map") && this.program.credential !== null;
    /** Of a map: the key comes before its value. */
    let before: unknown;
    const whole = eachEntry(place.value, shape, this.#changes !== null, (value, key) => {
      if (this.#spent) return false;
      if (++this.#nodes > this.limits.nodes * this.#room) {
        this.#stop("nodes");
        return false;
      }
      const under = keyed ? key : (key as number) % 2 === 1 ? before : null;
      before = value;
      if (keyed && (key as string).length >= KEY_MIN) this.#key(place, key as string);
      const name = named && typeof under === "string" ? under : null;
      if (typeof value === "object" && value !== null)
        this.#enter(todo, value, key, place, name !== null && Array.isArray(value) ? secretListName(name) : null);
      else if (typeof value === "string") this.#string(place, key, value, name === null ? null : secretName(name));
      else if (name !== null && isSecretValue(secretName(name), value)) this.#secret(place, key, value);
      else if (isLongNumber(value)) this.#string(place, key, String(value), null);
      return true;
    });
    if (!whole) this.#stop("unreadable");
  }

  #list(todo: Place[], place: Place): void {
    const list = place.value as readonly unknown[];
    if ((this.#nodes += list.length) > this.limits.nodes * this.#room) {
      this.#stop("nodes");
      return;
    }
    try {
      for (let i = 0; i < list.length && !this.#spent; i++) {
        const value = list[i];
        if (place.name !== null && isSecretElement(place.name, value)) this.#secret(place, i, value);
        else if (typeof value === "string") this.#string(place, i, value, null);
        else if (typeof value === "object" && value !== null) this.#enter(todo, value, i, place);
        else if (isLongNumber(value)) this.#string(place, i, String(value), null);
      }
    } catch {
      // An element is a getter, and threw.
      this.#stop("unreadable");
    }
  }

  #enter(todo: Place[], value: object, key: Key | null, parent: Place | null, name: SecretName = null): void {
    if (parent !== null) this.#holds(parent.value, value);
    // Only what was a message then is known, so reading it runs no code.
    if (this.#changes === null && this.memory?.knows(value) === true) return;
    const entered = (this.#entered ??= new Set());
    if (entered.has(value)) return;
    const shape = shapeOf(value);
    if (shape === "opaque") return;
    if (shape === "unreadable") {
      this.#stop("unreadable");
      return;
    }
    const depth = parent === null ? 1 : parent.depth + 1;
    if (depth > this.limits.depth) {
      this.#stop("depth");
      return;
    }
    entered.add(value);
    this.#shapes?.set(value, shape);
    if (shape === "message" && this.#changes === null && this.memory !== null) this.#message(value, key, parent, depth);
    else todo.push(new Place(value, shape, key, parent, depth, shape === "array" ? name : null));
  }

  /** A message is looked through at once, so that one that is clean is known by the time it comes again. */
  #message(value: object, key: Key | null, parent: Place | null, depth: number): void {
    const before = this.#hides;
    this.#hides = false;
    const kept = this.#kept;
    this.#kept = [];
    const todo = [new Place(value, "message", key, parent, depth)];
    for (let place = todo.pop(); place !== undefined && !this.#spent; place = todo.pop()) this.#inside(todo, place);
    if (!this.#hides && this.#over === null) this.memory?.keep(value);
    const told = this.#kept;
    this.#kept = kept;
    if (!this.#hides || this.memory?.told(value) !== true) for (const one of told) this.#tell(one);
    this.#hides ||= before;
  }

  #string(place: Place, key: Key, value: string, name: SecretName): void {
    if (name !== null && isSecretValue(name, value)) this.#secret(place, key, value);
    else {
      const shown = this.#text(value, place, key);
      if (shown !== value) this.#change(place.value, key, shown);
    }
  }

  /** The whole value under a key that names a secret. */
  #secret(place: Place, key: Key, value: unknown): void {
    const armed = this.program.credential as Armed;
    this.#found(
      {
        id: armed.rule.id,
        kind: armed.rule.kind,
        action: armed.action,
        from: -1,
        to: -1,
        encoding: null,
        sample: null,
      },
      place,
      key,
      true,
      { raw: value, shown: value },
    );
    if (armed.action !== "flag") this.#change(place.value, key, labelOf(armed.rule.id));
  }

  #key(place: Place, key: string): void {
    if (this.memory?.knowsKey(key) === true) return;
    const shown = this.#text(key, place, key);
    if (shown === key) this.memory?.keepKey(key);
    else if (this.#changes !== null) {
      this.#touch(place.value);
      const names = this.#names?.get(place.value) ?? new Map<string, string>();
      names.set(key, shown);
      this.#names?.set(place.value, names);
    }
  }

  #text(text: string, place: Place | null, key: Key | null): string {
    const { shortest, sign } = this.program;
    if (text.length < shortest) return text;
    if ((this.#characters += text.length) > this.limits.characters * this.#room) {
      this.#stop("characters");
      return text;
    }
    // Short ones are told sooner than remembered.
    if (text.length < SHORT && sign?.test(text) === false) return text;
    const quiet = this.#changes !== null;
    if (!quiet && this.memory?.knowsText(text) === true) return text;
    let hidden = false;
    const within: Within = { raw: text, shown: text };
    const shown = filterText(this.program, text, (found) => {
      hidden ||= found.action !== "flag";
      this.#found(found, place, key, false, within);
    });
    within.shown = shown;
    // What was filtered once is known by how it looks since then.
    if (!quiet) this.memory?.keepText(hidden ? shown : text);
    return shown;
  }

  #found(found: Found, place: Place | null, key: Key | null, whole: boolean, within: Within): void {
    if (found.action !== "flag") this.#hides = true;
    if (found.action === "block") this.#blocked ??= found;
    if (this.#changes !== null) return;
    this.#tell({
      found,
      whole,
      within,
      get path() {
        return pathOf(place, key);
      },
    });
  }

  #tell(one: FoundAt): void {
    if (this.#kept === null) this.report(one);
    else this.#kept.push(one);
  }

  #stop(reason: OverReason): void {
    this.#over ??= reason;
    this.#spent ||= reason === "nodes" || reason === "characters";
  }

  #touch(value: object): Map<Key, unknown> {
    const changes = this.#changes as Map<object, Map<Key, unknown>>;
    let own = changes.get(value);
    if (own === undefined) changes.set(value, (own = new Map()));
    return own;
  }

  #change(value: object, key: Key, shown: unknown): void {
    if (this.#changes !== null) this.#touch(value).set(key, shown);
  }

  #holds(holder: object, held: object): void {
    if (this.#holders === null) return;
    const holders = this.#holders.get(held);
    if (holders === undefined) this.#holders.set(held, new Set([holder]));
    else holders.add(holder);
  }

  #rebuilt(
    root: object,
    changes: Map<object, Map<Key, unknown>>,
    holders: ReadonlyMap<object, ReadonlySet<object>>,
    shapes: ReadonlyMap<object, Shape>,
    names: ReadonlyMap<object, ReadonlyMap<string, string>>,
  ): unknown {
    // Whoever holds something that changes is copied too, at every place where it is held.
    const todo = [...changes.keys()];
    for (let value = todo.pop(); value !== undefined; value = todo.pop())
      for (const holder of holders.get(value) ?? [])
        if (!changes.has(holder)) {
          changes.set(holder, new Map());
          todo.push(holder);
        }
    const copies = new Map<object, object>();
    const NONE: ReadonlyMap<string, string> = new Map();
    // Twice: the first copies are what the second ones hold, which is how a circle closes.
    for (const value of changes.keys()) copies.set(value, blank(value, shapes.get(value) as Shape));
    for (const [value, own] of changes) {
      const shape = shapes.get(value) as Shape;
      for (const [key, part] of entriesOf(value, shape, true) ?? [])
        if (!own.has(key) && typeof part === "object" && part !== null && copies.has(part))
          own.set(key, copies.get(part));
      if (shape === "message")
        own.set(
          "response_metadata",
          withoutProbabilities(
            own.get("response_metadata") ?? (value as { response_metadata?: unknown }).response_metadata,
          ),
        );
      fill(copies.get(value) as object, copyOf(value, shape, own, names.get(value) ?? NONE), shape);
    }
    return copies.get(root) ?? root;
  }
}

function blank(value: object, shape: Shape): object {
  if (shape === "array") return [];
  if (shape === "map") return new Map();
  if (shape === "set") return new Set();
  return Object.create(Object.getPrototypeOf(value) as object | null) as object;
}

function fill(copy: object, from: object, shape: Shape): void {
  if (shape === "array") for (const item of from as unknown[]) (copy as unknown[]).push(item);
  else if (shape === "map")
    for (const [key, item] of from as Map<unknown, unknown>) (copy as Map<unknown, unknown>).set(key, item);
  else if (shape === "set") for (const item of from as Set<unknown>) (copy as Set<unknown>).add(item);
  else Object.defineProperties(copy, Object.getOwnPropertyDescriptors(from));
}

/** Probabilities of tokens spell the text out once more. */
function withoutProbabilities(metadata: unknown): unknown {
  if (typeof metadata !== "object" || metadata === null || !("logprobs" in metadata)) return metadata;
  const { logprobs: _, ...rest } = metadata;
  return rest;
}
