import { hash } from "node:crypto";
import { types } from "node:util";
import { canonical, isPlainObject, ValuesError } from "@graphtap/values";
import { cacheKeyInvalid } from "./errors.js";

/** The key of a configuration, or why it can have none. */
export type KeyResult =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly reason: BypassReason };

/** Why a configuration has no safe key. */
export type BypassReason = "accessor" | "array" | "named" | "proxy" | "symbol" | "too-deep" | "too-large";

const MAX_DEPTH = 32;
const MAX_NODES = 20_000;
const MAX_CHARACTERS = 1_048_576;

/** `@` and a number by identity, `#` and a text where an author declared one. */
const tokens = new WeakMap<object, string>();
let lastToken = 0;

/** Never given twice, so no later object is taken for one that is gone. */
function tokenOf(live: object): string {
  const known = tokens.get(live);
  if (known !== undefined) return known;
  const token = `@${++lastToken}`;
  tokens.set(live, token);
  return token;
}

/**
 * Declares that objects with this key are interchangeable, though they are different objects: a model or a tool that is
 * made anew per request. Without it a function or an instance is only ever equal to itself. Whoever declares it vouches
 * that nothing of a user is inside.
 *
 * @returns the object
 * @throws GraphTapError CACHE_KEY_INVALID
 * @example const llm = cacheKey(new ChatOpenAI({ model: "gpt-5-mini" }), "gpt-5-mini");
 */
export function cacheKey<T extends object>(live: T, key: string): T {
  if ((typeof live !== "object" && typeof live !== "function") || live === null)
    throw cacheKeyInvalid("its first argument is no object");
  if (typeof key !== "string" || key === "") throw cacheKeyInvalid("its second argument is no text, or an empty one");
  tokens.set(live, `#${JSON.stringify(key)}`);
  return live;
}

class Bypass extends Error {
  constructor(readonly reason: BypassReason) {
    super(reason);
  }
}

class Encoder {
  #nodes = 0;
  #characters = 0;

  constructor(readonly live: boolean) {}

  write(value: unknown, depth: number): string {
    if (++this.#nodes > MAX_NODES) throw new Bypass("too-large");
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "boolean":
        return value ? "true" : "false";
      case "undefined":
        return "undefined";
      case "bigint":
        return `${value}n`;
      case "symbol": {
        const name = Symbol.keyFor(value);
        if (name === undefined) throw new Bypass("symbol");
        return `Symbol(${this.#text(name)})`;
      }
      case "function":
        return tokenOf(value);
      default:
        return value === null ? "null" : this.#container(value as object, depth);
    }
  }

  #container(value: object, depth: number): string {
    if (depth >= MAX_DEPTH) throw new Bypass("too-deep");
    // The short way for what is known already: a list of 200 tools is asked for at every hit.
    const known = this.live ? tokens.get(value) : undefined;
    if (known !== undefined) return known;
    if (types.isProxy(value)) throw new Bypass("proxy");
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) return this.#array(value, depth);
    if (isPlainObject(value)) return this.#object(value, depth);
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto === Map.prototype) return this.#map(value as ReadonlyMap<unknown, unknown>, depth);
    if (proto === Set.prototype) return this.#set(value as ReadonlySet<unknown>, depth);
    if (proto === Date.prototype) return this.#leaf(bare(value));
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return this.#leaf(value);
    const token = tokenOf(value);
    return this.live || token.startsWith("#") ? token : token + this.#fieldsOf(value);
  }

  #leaf(value: object): string {
    try {
      const text = canonical(value, { bytes: MAX_CHARACTERS });
      this.#count(text.length);
      return text;
    } catch (error) {
      if (error instanceof ValuesError) throw new Bypass("too-large");
      throw error;
    }
  }

  #object(value: object, depth: number): string {
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.some((key) => Object.prototype.propertyIsEnumerable.call(value, key))) throw new Bypass("symbol");
    let text = "{";
    // Also those that do not show when it is printed: what is hidden there is often what differs.
    for (const key of Object.getOwnPropertyNames(value).sort())
      text += `${text.length > 1 ? "," : ""}${this.#text(key)}:${this.write(read(value, key), depth + 1)}`;
    return `${text}}`;
  }

  #array(value: readonly unknown[], depth: number): string {
    const { length } = value;
    if (length > MAX_NODES) throw new Bypass("too-large");
    if (Object.keys(value).length !== length) throw new Bypass("array");
    let text = "[";
    for (let index = 0; index < length; index++) {
      if (index > 0) text += ",";
      text += this.write(this.live && index in value ? value[index] : read(value, index), depth + 1);
    }
    return `${text}]`;
  }

  // Insertion order is no part of what they say.
  #map(value: ReadonlyMap<unknown, unknown>, depth: number): string {
    const entries: string[] = [];
    for (const [key, item] of Map.prototype.entries.call(bare(value)) as Iterable<[unknown, unknown]>)
      entries.push(`${this.write(key, depth + 1)}=>${this.write(item, depth + 1)}`);
    return `Map(${entries.sort().join(",")})`;
  }

  #set(value: ReadonlySet<unknown>, depth: number): string {
    const members: string[] = [];
    for (const member of Set.prototype.values.call(bare(value)) as Iterable<unknown>)
      members.push(this.write(member, depth + 1));
    return `Set(${members.sort().join(",")})`;
  }

  /** What can be seen of an instance: the same one with another temperature is another configuration. */
  #fieldsOf(value: object): string {
    let text = "";
    for (const key of Object.keys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property === undefined || !("value" in property)) continue;
      const field: unknown = property.value;
      if (typeof field === "symbol") continue;
      text += `,${this.#text(key)}:${typeof field === "object" && field !== null ? tokenOf(field) : this.write(field, 0)}`;
    }
    return `(${text})`;
  }

  #text(text: string): string {
    this.#count(text.length);
    return JSON.stringify(text);
  }

  #count(characters: number): void {
    this.#characters += characters;
    if (this.#characters > MAX_CHARACTERS) throw new Bypass("too-large");
  }
}

/** A Map, Set or Date with properties beside what it holds has no text that tells both. */
function bare<T extends object>(value: T): T {
  if (Object.getOwnPropertyNames(value).length > 0) throw new Bypass("named");
  return value;
}

function read(owner: object, key: string | number): unknown {
  const property = Object.getOwnPropertyDescriptor(owner, key);
  if (property === undefined || !("value" in property)) throw new Bypass("accessor");
  return property.value;
}

/**
 * A key that two configurations share only if they are the same: plain data by its typed, sorted text (`-0`, NaN,
 * undefined, bigint, Date, Map, Set and binary data each have a form of their own, texts are quoted), functions and
 * instances by identity or {@link cacheKey}. What has no safe text has no key.
 *
 * @param live instances are used and not copied, so that one that was changed since is still the same; by default what
 * can be seen of them counts too.
 */
export function keyOf(value: unknown, { live = false }: { readonly live?: boolean } = {}): KeyResult {
  try {
    return { ok: true, key: hash("sha256", new Encoder(live).write(value, 0), "base64url") };
  } catch (error) {
    if (error instanceof Bypass) return { ok: false, reason: error.reason };
    throw error;
  }
}
