import { isPlainObject } from "@graphtap/values";
import type { ContextSource } from "./keys.js";

/** What is known of whoever runs something, as far as rules may read it. */
export interface KnownPrincipal {
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly roles: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
}

type Data = Readonly<Record<string, unknown>>;

/** Where the values that rules read may come from, from the most to the least trusted. */
export interface ContextParts {
  readonly principal: KnownPrincipal | null;
  /** What the host's own function found for this run. */
  readonly facts: Data;
  /** What the caller told, whatever its keys. */
  readonly told: readonly Data[];
  /** Keys that a caller may tell. */
  readonly untrusted: readonly string[];
  /** The host's constants. */
  readonly context: Data;
}

/** What rules are asked with. */
export interface RuleContext {
  readonly values: Data;
  readonly sourceOf: (key: string) => ContextSource;
}

/** Who runs it is known from the identity alone; no configuration can let a caller tell it. */
export const RESERVED: readonly string[] = Object.freeze(["userId", "service", "tenantId", "roles"]);

/** An own data value; getters are not run, for what is told may be anything. */
function own(data: unknown, key: string): unknown {
  if (typeof data !== "object" || data === null) return undefined;
  const property = Object.getOwnPropertyDescriptor(data, key);
  return property !== undefined && "value" in property ? property.value : undefined;
}

/**
 * One flat object of what rules may read. A trusted value always wins; what the caller tells is read by declared name only,
 * and comes before the host's constants, which are defaults for it.
 */
export function contextOf(parts: ContextParts): RuleContext {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const sources = new Map<string, ContextSource>();
  const take = (data: Data, source: ContextSource, keys: readonly string[] = Object.keys(data)): void => {
    for (const key of keys) {
      const value = own(data, key);
      if (value === undefined) continue;
      values[key] = value;
      sources.set(key, source);
    }
  };
  take(parts.context, "context");
  for (const told of parts.told) take(told, "caller", parts.untrusted);
  take(parts.facts, "facts");
  if (parts.principal !== null) {
    // Named one by one: an identity has getters, which no copy of its own properties would see.
    const { userId, service, tenantId, roles, facts } = parts.principal;
    take(facts, "principal");
    take({ userId, service, tenantId, roles }, "principal", RESERVED);
  }
  // A constant or a fact of the host's cannot stand in for an identity that is not there.
  else for (const key of RESERVED) if (sources.delete(key)) delete values[key];
  return { values, sourceOf: (key) => sources.get(key) ?? "missing" };
}

/** The names of what rules read, with where each came from. */
export function sourcesOf(
  reads: readonly string[],
  { sourceOf }: RuleContext,
): Readonly<Record<string, ContextSource>> {
  return Object.freeze(Object.fromEntries(reads.map((key) => [key, sourceOf(key)])));
}

/** What a function of the host's gave, as data; anything else is a mistake of the host's. */
export function asData(value: unknown): Data | null {
  return value === undefined || value === null ? {} : isPlainObject(value) ? value : null;
}
