import { types } from "node:util";

/** What a scan makes of an object. `opaque`: a live object, which is not looked into; `unreadable`: reading it runs code. */
export type Shape = "plain" | "array" | "map" | "set" | "message" | "instance" | "opaque" | "unreadable";

/** A LangChain message of any copy. */
export interface MessageLike {
  readonly content: unknown;
  readonly id?: string;
  readonly lc_kwargs?: Record<string, unknown>;
}

function isMessage(value: unknown): value is MessageLike {
  return (
    typeof value === "object" &&
    value !== null &&
    !types.isProxy(value) &&
    typeof (value as { _getType?: unknown })._getType === "function" &&
    Object.hasOwn(value, "content")
  );
}

/** Instances that are data all the same: Commands, Sends, interrupts, documents, chat generations, errors. */
function isDataInstance(value: object): boolean {
  if (types.isNativeError(value)) return true;
  if (Object.hasOwn(value, "lg_name")) return true;
  if (Object.hasOwn(value, "pageContent") && Object.hasOwn(value, "metadata")) return true;
  return Object.hasOwn(value, "message") && Object.hasOwn(value, "text");
}

export function shapeOf(value: object): Shape {
  if (types.isProxy(value)) return "unreadable";
  if (Array.isArray(value)) return "array";
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === Object.prototype || proto === null) return "plain";
  if (isMessage(value)) return "message";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  if (isDataInstance(value)) return "instance";
  // Plain objects of another realm.
  if (!types.isProxy(proto) && Object.getPrototypeOf(proto) === null && Object.hasOwn(proto as object, "isPrototypeOf"))
    return "plain";
  return isDataClass(proto as object) ? "instance" : "opaque";
}

const dataClasses = new WeakMap<object, boolean>();

/** A class without a method or getter: its instances are their fields, and a copy of those is as good. */
function isDataClass(proto: object): boolean {
  const known = dataClasses.get(proto);
  if (known !== undefined) return known;
  let at: object | null = proto;
  while (at !== null && at !== Object.prototype && !types.isProxy(at)) {
    if (Reflect.ownKeys(at).some((key) => key !== "constructor")) break;
    at = Object.getPrototypeOf(at) as object | null;
  }
  dataClasses.set(proto, at === Object.prototype);
  return at === Object.prototype;
}

export type Key = string | number;
export type Entry = readonly [key: Key, value: unknown];

/** Parts of a message that hold text; the rest are ids and figures. */
const MESSAGE_FIELDS = [
  "content",
  "tool_calls",
  "invalid_tool_calls",
  "tool_call_chunks",
  "additional_kwargs",
  "response_metadata",
  "artifact",
  "metadata",
  "name",
] as const;

/** A message keeps copies of its fields besides. */
const DEEP_FIELDS = [...MESSAGE_FIELDS, "lc_kwargs"] as const;

/** What a chunk of a message, and its copy of its fields, makes of the pieces of its calls when it is read. */
const LAZY = new Set(["tool_calls", "invalid_tool_calls"]);

/** A generation says the text of its message once more. */
function repeatsMessage(value: object): boolean {
  const message: unknown = Object.getOwnPropertyDescriptor(value, "message")?.value;
  const text: unknown = Object.getOwnPropertyDescriptor(value, "text")?.value;
  return isMessage(message) && message.content === text;
}

/** A getter of LangChain's own; one that throws hides what it would have given. */
function readLazy(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/**
 * Goes through what is inside of an object, until `visit` says false; through nothing of it where a part cannot be read.
 * `deep`: also copies of a message's own fields.
 *
 * @returns whether all of it could be read without running code of its
 */
export function eachEntry(
  value: object,
  shape: Shape,
  deep: boolean,
  visit: (value: unknown, key: Key) => boolean,
): boolean {
  if (shape === "array") {
    try {
      const list = value as readonly unknown[];
      for (let i = 0; i < list.length; i++) if (!visit(list[i], i)) return true;
      return true;
    } catch {
      return false;
    }
  }
  let i = 0;
  if (shape === "map") {
    Map.prototype.forEach.call(value, (item: unknown, key: unknown) => visit(key, i++) && visit(item, i++));
    return true;
  }
  if (shape === "set") {
    Set.prototype.forEach.call(value, (item: unknown) => visit(item, i++));
    return true;
  }
  const keys: string[] = [];
  const parts: unknown[] = [];
  for (const key of keysOf(value, shape, deep)) {
    const part = Object.getOwnPropertyDescriptor(value, key);
    if (part === undefined || part.value === "" || (key === "text" && !deep && repeatsMessage(value))) continue;
    if ("value" in part) parts.push(part.value);
    else if ((shape === "message" || deep) && LAZY.has(key)) parts.push(readLazy(value, key));
    // V8 makes `stack` an accessor of its own.
    else if (key === "stack") continue;
    else return false;
    keys.push(key);
  }
  for (let at = 0; at < keys.length; at++) if (!visit(parts[at], keys[at] as string)) return true;
  return true;
}

function keysOf(value: object, shape: Shape, deep: boolean): readonly string[] {
  if (shape === "message") return deep ? DEEP_FIELDS : MESSAGE_FIELDS;
  return types.isNativeError(value) ? ["message", "stack", "cause", ...Object.keys(value)] : Object.keys(value);
}

/** What is inside of an object; null where reading it would run code. `deep`: also copies of a message's own fields. */
export function entriesOf(value: object, shape: Shape, deep: boolean): readonly Entry[] | null {
  const entries: Entry[] = [];
  const whole = eachEntry(value, shape, deep, (part, key) => entries.push([key, part]) > 0);
  return whole ? entries : null;
}

/** A copy with other parts: of the same class, and with nothing of the original's reachable in the places that changed. */
export function copyOf(
  value: object,
  shape: Shape,
  changes: ReadonlyMap<Key, unknown>,
  names: ReadonlyMap<string, string>,
): object {
  if (shape === "array") {
    const copy = [...(value as readonly unknown[])];
    for (const [key, change] of changes) copy[key as number] = change;
    return copy;
  }
  if (shape === "map") {
    const parts: unknown[] = [];
    Map.prototype.forEach.call(value, (item: unknown, key: unknown) => parts.push(key, item));
    for (const [key, change] of changes) parts[key as number] = change;
    const copy = new Map<unknown, unknown>();
    for (let i = 0; i < parts.length; i += 2) copy.set(parts[i], parts[i + 1]);
    return copy;
  }
  if (shape === "set") {
    const parts: unknown[] = [];
    Set.prototype.forEach.call(value, (item: unknown) => parts.push(item));
    for (const [key, change] of changes) parts[key as number] = change;
    return new Set(parts);
  }
  const copy: object = Object.create(Object.getPrototypeOf(value) as object | null) as object;
  for (const key of Reflect.ownKeys(value)) {
    const part = Object.getOwnPropertyDescriptor(value, key);
    if (part === undefined) continue;
    const name = typeof key === "string" ? (names.get(key) ?? key) : key;
    if (typeof key === "string" && changes.has(key))
      Object.defineProperty(copy, name, {
        value: changes.get(key),
        writable: true,
        enumerable: part.enumerable === true,
        configurable: true,
      });
    // A trace of an error repeats its message.
    else if (key === "stack" && types.isNativeError(value)) continue;
    // A getter would give what the original holds.
    else
      Object.defineProperty(copy, name, {
        value: "value" in part ? part.value : typeof key === "string" ? readLazy(value, key) : undefined,
        writable: true,
        enumerable: part.enumerable === true,
        configurable: true,
      });
  }
  return copy;
}
