import { ValuesError, type ValuesErrorCode } from "./errors.js";
import { flatCopy } from "./flat.js";
import { type Limits, resolveLimits } from "./limits.js";
import { formatPath, type Step } from "./path.js";
import { binaryParts } from "./binary.js";
import { isPrimitive, kindOf, symbolKeys } from "./plain.js";

export interface Snapshot<T> {
  /** Independent of the source, except at the paths in `opaque`. */
  readonly value: T;
  /** Paths of functions, symbols and class instances, which are the source's own: nothing can be said about them. */
  readonly opaque: readonly string[];
}

const NONE: readonly string[] = Object.freeze([]);

/** Sets a property that the prototype may already have (`__proto__`, or a setter somebody planted) without running it. */
function put(target: object, key: PropertyKey, value: unknown): void {
  if (key in target)
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else (target as Record<PropertyKey, unknown>)[key] = value;
}

class Copier {
  readonly #limits: Readonly<Limits>;
  readonly #steps: Step[] = [];
  readonly #ancestors: object[] = [];
  // Each object is read once even when it is reachable twice, or a getter could answer differently the second time.
  #copies: Map<object, object> | null = null;
  #opaque: string[] | null = null;
  #nodes = 0;
  #bytes = 0;

  constructor(limits: Readonly<Limits>) {
    this.#limits = limits;
  }

  get opaque(): readonly string[] {
    return this.#opaque ?? NONE;
  }

  copy(value: unknown, depth: number): unknown {
    if (++this.#nodes > this.#limits.nodes)
      throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.nodes} values`);
    if (typeof value === "string") this.#count(value.length, depth);
    if (typeof value === "symbol") return this.#keep(value, depth);
    if (isPrimitive(value)) return value;
    return this.#container(value as object, depth);
  }

  #container(value: object, depth: number): unknown {
    const known = depth === 0 ? undefined : this.#copies?.get(value);
    if (known !== undefined || value === this.#ancestors[0]) {
      const end = this.#ancestors.indexOf(value);
      if (end >= 0 && end < depth) throw this.#fail("CYCLIC", depth, "a reference to its own parent");
      if (known !== undefined) return known;
    }
    const kind = kindOf(value);
    if (kind === "opaque") return this.#keep(value, depth);
    if (depth >= this.#limits.depth) throw this.#fail("TOO_DEEP", depth, `more than ${this.#limits.depth} levels`);
    this.#ancestors[depth] = value;
    switch (kind) {
      case "date":
        return this.#remember(value, new Date(Date.prototype.getTime.call(value)), depth);
      case "binary":
        return this.#remember(value, this.#binary(value, depth), depth);
      case "map":
        return this.#map(value as ReadonlyMap<unknown, unknown>, depth);
      case "set":
        return this.#set(value as ReadonlySet<unknown>, depth);
      default:
        return this.#guarded(value, depth, kind);
    }
  }

  // Arrays, plain objects and Proxies: the only ones whose reading can run foreign code.
  #guarded(value: object, depth: number, kind: "plain" | "array" | "proxy"): object {
    try {
      if (kind === "array" || (kind === "proxy" && Array.isArray(value)))
        return this.#array(value as readonly unknown[], depth);
      // A Proxy around a Map or an instance answers with its own methods and cannot be copied as data.
      if (kind === "proxy" && !plainBehindProxy(value))
        throw this.#fail("NOT_PLAIN", depth, "a Proxy that is not plain data");
      return this.#object(value, depth);
    } catch (cause) {
      if (ValuesError.isInstance(cause)) throw cause;
      const path = formatPath(this.#steps.slice(0, depth + 1));
      throw new ValuesError("NOT_PLAIN", path, `reading the value failed at ${path}.`, cause);
    }
  }

  #object(value: object, depth: number): object {
    const target = this.#remember(
      value,
      Object.getPrototypeOf(value) === null ? (Object.create(null) as object) : {},
      depth,
    );
    const keys = Object.keys(value);
    if (keys.length > this.#limits.nodes)
      throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.nodes} values`);
    for (const key of keys) {
      this.#steps[depth] = key;
      this.#count(key.length, depth);
      put(target, key, this.copy((value as Record<string, unknown>)[key], depth + 1));
    }
    for (const key of symbolKeys(value)) {
      this.#steps[depth] = key;
      (this.#opaque ??= []).push(formatPath(this.#steps.slice(0, depth + 1)));
      put(target, key, this.copy((value as Record<symbol, unknown>)[key], depth + 1));
    }
    this.#steps.length = depth;
    return target;
  }

  #array(value: readonly unknown[], depth: number): object {
    const { length } = value;
    // Only a Proxy can answer anything else here.
    if (!Number.isSafeInteger(length) || length < 0) throw this.#fail("NOT_PLAIN", depth, "an array without a length");
    if (length > this.#limits.nodes) throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.nodes} values`);
    const target = this.#remember(value, new Array<unknown>(length), depth);
    for (let index = 0; index < length; index++) {
      this.#steps[depth] = index;
      if (Object.hasOwn(value, index)) put(target, index, this.copy(value[index], depth + 1));
      else this.#nodes++;
    }
    this.#steps.length = depth;
    return target;
  }

  #map(value: ReadonlyMap<unknown, unknown>, depth: number): object {
    const target = this.#remember(value, new Map<unknown, unknown>(), depth);
    let index = 0;
    Map.prototype.forEach.call(value, (item: unknown, key: unknown) => {
      this.#steps[depth] = { part: "key", index };
      const copiedKey = this.copy(key, depth + 1);
      this.#steps[depth] = { part: "value", index: index++ };
      target.set(copiedKey, this.copy(item, depth + 1));
    });
    this.#steps.length = depth;
    return target;
  }

  #set(value: ReadonlySet<unknown>, depth: number): object {
    const target = this.#remember(value, new Set<unknown>(), depth);
    let index = 0;
    Set.prototype.forEach.call(value, (item: unknown) => {
      this.#steps[depth] = { part: "member", index: index++ };
      target.add(this.copy(item, depth + 1));
    });
    this.#steps.length = depth;
    return target;
  }

  #binary(value: object, depth: number): object {
    const { name, bytes } = binaryParts(value);
    this.#count(bytes.length, depth);
    const copy = new Uint8Array(bytes);
    if (name === "ArrayBuffer") return copy.buffer;
    if (Buffer.isBuffer(value)) return Buffer.from(copy.buffer);
    const views = globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => object>;
    const View = views[name];
    if (View === undefined) throw this.#fail("NOT_PLAIN", depth, "binary data of an unknown kind");
    return new View(copy.buffer);
  }

  #remember<C extends object>(source: object, copy: C, depth: number): C {
    if (depth > 0) (this.#copies ??= new Map()).set(source, copy);
    return copy;
  }

  #keep(value: unknown, depth: number): unknown {
    const path = formatPath(this.#steps.slice(0, depth));
    if (this.#opaque?.at(-1) !== path) (this.#opaque ??= []).push(path);
    return value;
  }

  #count(size: number, depth: number): void {
    this.#bytes += size;
    if (this.#bytes > this.#limits.bytes) throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.bytes} bytes`);
  }

  #fail(code: ValuesErrorCode, depth: number, what: string): ValuesError {
    const path = formatPath(this.#steps.slice(0, depth));
    return new ValuesError(code, path, `the value has ${what} at ${path}.`);
  }
}

function plainBehindProxy(proxy: object): boolean {
  const proto: unknown = Object.getPrototypeOf(proxy);
  return proto === null || proto === Object.prototype;
}

/**
 * A deep copy that reads the source exactly once: every getter and Proxy trap runs once, and what is judged on the copy
 * cannot change afterwards. Plain objects, arrays, Date, Map, Set and binary data are copied; functions, symbols and
 * class instances stay the same object and are listed in `opaque`. Keys such as `__proto__` become ordinary own
 * properties. What the source shares, the copy shares. Array properties that are not elements are left out.
 *
 * @throws ValuesError `CYCLIC`, `TOO_DEEP`, `TOO_LARGE`, or `NOT_PLAIN` with the `cause` when a getter or trap threw.
 * @example
 * const { value, opaque } = snapshot(toolArguments);
 * deepFreeze(value);
 */
export function snapshot<T>(value: T, limits?: Partial<Limits>): Snapshot<T> {
  const bounds = resolveLimits(limits);
  const flat = typeof value === "object" && value !== null ? flatCopy(value, bounds) : null;
  if (flat !== null) return { value: flat as T, opaque: NONE };
  const copier = new Copier(bounds);
  const copy = copier.copy(value, 0) as T;
  return { value: copy, opaque: copier.opaque };
}
