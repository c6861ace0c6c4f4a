import { serviceIdInvalid } from "./errors.js";

const BRAND = Symbol.for("graphtap.service");

/** A typed name under which one plugin provides something to others. Identity is the id. */
export interface ServiceKey<Id extends string, S> {
  readonly id: Id;
  readonly "~service"?: S;
}

/** Any service key. */
export type AnyServiceKey = ServiceKey<string, unknown>;

/** What a key stands for. */
export type ServiceOf<K> = K extends ServiceKey<string, infer S> ? S : never;

/** The id of a key, or the union of ids of a union of keys. */
export type IdOf<K> = K extends ServiceKey<infer Id, unknown> ? Id : never;

/**
 * Makes a service key. Two calls, so that the service type is written and the id is inferred.
 *
 * @example
 * export interface Metrics { report(): string }
 * export const Metrics = defineService<Metrics>()("metrics");
 */
export function defineService<S>(): <const Id extends string>(id: Id) => ServiceKey<Id, S> {
  return (id) => {
    if (typeof id !== "string" || id.trim() === "") throw serviceIdInvalid(id);
    return Object.freeze({ id, [BRAND]: true });
  };
}

/** True for a key of any copy of the kernel. */
export function isServiceKey(value: unknown): value is AnyServiceKey {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
