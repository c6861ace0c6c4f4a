import { inspect } from "node:util";

/** What a principal is made of; the only way in is `stack.as` or a resolver the host installed. */
export interface PrincipalFields {
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  readonly roles: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly onBehalfOf: Principal | null;
}

/**
 * Who runs something. Its fields are private: JSON can neither make one nor show one, and printing it gives
 * `Identity(alice)` only.
 */
export class Principal {
  readonly #fields: PrincipalFields;

  constructor(fields: PrincipalFields) {
    this.#fields = Object.freeze({
      ...fields,
      roles: Object.freeze([...fields.roles]),
      facts: Object.freeze({ ...fields.facts }),
    });
    Object.freeze(this);
  }
  /** The user; null for a service. */
  get userId(): string | null {
    return this.#fields.userId;
  }
  /** The service's name; null for a user. */
  get service(): string | null {
    return this.#fields.service;
  }
  get tenantId(): string | null {
    return this.#fields.tenantId;
  }
  get roles(): readonly string[] {
    return this.#fields.roles;
  }
  /** Typed facts for conditions and metrics (`facts` of createStack); never used for permissions. */
  get facts(): Readonly<Record<string, unknown>> {
    return this.#fields.facts;
  }
  /** For whom a service or an approver acts; rights are the intersection. */
  get onBehalfOf(): Principal | null {
    return this.#fields.onBehalfOf;
  }
  /** `alice`, or `service:nightly` : for messages and logs. */
  get label(): string {
    return this.userId ?? `service:${this.service}`;
  }
  toString(): string {
    return `Identity(${this.label})`;
  }
  toJSON(): undefined {
    return undefined;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Whether `inner` may run inside a run of `outer`: the same user with no more roles, or a service that acts for that
 * user. Anything else would widen what the run may do; so would dropping or changing for whom one acts, for rights are
 * the intersection of both.
 */
export function narrows(outer: Principal, inner: Principal): boolean {
  if (inner.tenantId !== outer.tenantId) return false;
  if (inner.service !== null && inner.service !== outer.service) {
    return inner.onBehalfOf !== null && narrows(outer, inner.onBehalfOf);
  }
  if (inner.userId !== outer.userId || inner.service !== outer.service) return false;
  if (!inner.roles.every((role) => outer.roles.includes(role))) return false;
  if (outer.onBehalfOf !== null) return inner.onBehalfOf !== null && narrows(outer.onBehalfOf, inner.onBehalfOf);
  return inner.onBehalfOf === null || (inner.service !== null && inner.onBehalfOf.tenantId === outer.tenantId);
}
