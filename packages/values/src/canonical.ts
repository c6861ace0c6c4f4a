import { ValuesError, type ValuesErrorCode } from "./errors.js";
import { type Limits, resolveLimits } from "./limits.js";
import { formatPath, type Step } from "./path.js";
import { binaryParts } from "./binary.js";
import { arrayShape, kindOf, symbolKeys } from "./plain.js";

/** One pass over one value. Keys and objects on the way down are kept by depth, so that a path costs nothing until it fails. */
class Writer {
  readonly #limits: Readonly<Limits>;
  readonly #steps: Step[] = [];
  readonly #ancestors: object[] = [];
  #nodes = 0;
  #bytes = 0;

  constructor(limits: Readonly<Limits>) {
    this.#limits = limits;
  }

  write(value: unknown, depth: number): string {
    if (++this.#nodes > this.#limits.nodes)
      throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.nodes} values`);
    switch (typeof value) {
      case "string":
        this.#count(value.length, depth);
        // JSON escapes lone surrogates, so two different strings stay different when they are encoded for a hash.
        return JSON.stringify(value);
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "boolean":
        return value ? "true" : "false";
      case "undefined":
        return "undefined";
      case "bigint": {
        const text = `${value}n`;
        this.#count(text.length, depth);
        return text;
      }
      case "object":
        return value === null ? "null" : this.#container(value, depth);
      default:
        throw this.#fail("NOT_PLAIN", depth, `a ${typeof value}`);
    }
  }

  #container(value: object, depth: number): string {
    if (depth >= this.#limits.depth)
      throw this.#fail("TOO_DEEP", depth, `more than ${this.#limits.depth} levels`, value);
    this.#ancestors[depth] = value;
    const kind = kindOf(value);
    switch (kind) {
      case "plain":
        return this.#object(value, depth);
      case "array":
        return this.#array(value as readonly unknown[], depth);
      case "date":
        return `Date(${Date.prototype.getTime.call(value)})`;
      case "map":
        return this.#map(value as ReadonlyMap<unknown, unknown>, depth);
      case "set":
        return this.#set(value as ReadonlySet<unknown>, depth);
      case "binary": {
        const { name, bytes } = binaryParts(value);
        this.#count(bytes.length, depth);
        return `${name}(${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")})`;
      }
      default:
        throw this.#fail("NOT_PLAIN", depth, kind === "proxy" ? "a Proxy" : "an instance of a class");
    }
  }

  #object(value: object, depth: number): string {
    if (symbolKeys(value).length > 0) throw this.#fail("NOT_PLAIN", depth, "an object with symbol keys");
    const keys = Object.keys(value);
    if (keys.length > this.#limits.nodes)
      throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.nodes} values`);
    keys.sort();
    let text = "{";
    for (const key of keys) {
      this.#count(key.length, depth);
      if (text.length > 1) text += ",";
      text += `${JSON.stringify(key)}:${this.#property(value, key, key, depth)}`;
    }
    return `${text}}`;
  }

  #array(value: readonly unknown[], depth: number): string {
    const { length } = value;
    if (length > this.#limits.nodes) throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.nodes} values`);
    const shape = arrayShape(value);
    if (shape === "named") throw this.#fail("NOT_PLAIN", depth, "an array with named properties");
    let text = "[";
    for (let index = 0; index < length; index++) {
      if (index > 0) text += ",";
      if (shape === "sparse" && !Object.hasOwn(value, index)) {
        this.#nodes++;
        text += "empty";
      } else text += this.#property(value, String(index), index, depth);
    }
    return `${text}]`;
  }

  #property(owner: object, key: string, step: Step, depth: number): string {
    this.#steps[depth] = step;
    const property = Object.getOwnPropertyDescriptor(owner, key);
    if (property === undefined || !("value" in property))
      throw this.#fail("NOT_PLAIN", depth + 1, "a getter or setter");
    return this.write(property.value, depth + 1);
  }

  // Insertion order is not part of the data, so entries are put in the order of their own text.
  #map(value: ReadonlyMap<unknown, unknown>, depth: number): string {
    const entries: string[] = [];
    Map.prototype.forEach.call(value, (item: unknown, key: unknown) => {
      const index = entries.length;
      this.#steps[depth] = { part: "key", index };
      const keyText = this.write(key, depth + 1);
      this.#steps[depth] = { part: "value", index };
      entries.push(`${keyText}=>${this.write(item, depth + 1)}`);
    });
    return `Map(${entries.sort().join(",")})`;
  }

  #set(value: ReadonlySet<unknown>, depth: number): string {
    const members: string[] = [];
    Set.prototype.forEach.call(value, (item: unknown) => {
      this.#steps[depth] = { part: "member", index: members.length };
      members.push(this.write(item, depth + 1));
    });
    return `Set(${members.sort().join(",")})`;
  }

  #count(size: number, depth: number): void {
    this.#bytes += size;
    if (this.#bytes > this.#limits.bytes) throw this.#fail("TOO_LARGE", depth, `more than ${this.#limits.bytes} bytes`);
  }

  // A value that contains itself always runs into a limit: asking only then keeps the common case free of bookkeeping.
  #fail(code: ValuesErrorCode, depth: number, what: string, last?: object): ValuesError {
    const path = formatPath(this.#steps.slice(0, depth));
    const above = this.#ancestors.slice(0, depth);
    if (last !== undefined) above.push(last);
    const cyclic = code !== "NOT_PLAIN" && new Set(above).size < above.length;
    if (cyclic) return new ValuesError("CYCLIC", path, `the value contains itself (${path}).`);
    return new ValuesError(code, path, `the value has ${what} at ${path}.`);
  }
}

/**
 * The one text of a piece of plain data: equal data gives equal text, different data different text, whatever the order
 * of keys, Map entries and Set members. Plain JSON data gives JSON with sorted keys; `-0`, `NaN`, `undefined`, bigint,
 * Date, Map, Set, typed arrays and empty array slots each have a form of their own. Aliases are written out.
 * The text is stable between releases.
 *
 * @throws ValuesError `NOT_PLAIN` (functions, symbols, class instances, Proxies, accessors), `CYCLIC`, `TOO_DEEP`,
 * `TOO_LARGE`. No getter and no trap is run.
 * @example
 * canonical({ b: 1n, a: [-0, undefined] }) // '{"a":[-0,undefined],"b":1n}'
 */
export function canonical(value: unknown, limits?: Partial<Limits>): string {
  return new Writer(resolveLimits(limits)).write(value, 0);
}
