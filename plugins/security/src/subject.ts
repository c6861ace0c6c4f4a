/** Who asks: exactly one of user and service is set. The binding's principal has this shape. */
export interface Subject {
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  /** Names of sets of grants, as the host knows them. Default: none. */
  readonly roles?: readonly string[] | undefined;
  /** For whom it acts; rights are the intersection of both. */
  readonly onBehalfOf: Subject | null;
}

/** Who holds a grant: exactly one of user, service and role is set. */
export interface Holder {
  readonly userId: string | null;
  readonly service: string | null;
  readonly role: string | null;
  readonly tenantId: string | null;
  /** A role of every tenant, and of those without one; `tenantId` is null then. */
  readonly anyTenant: boolean;
}

/** One principal by name, without those it acts for. */
export type PrincipalRef = Pick<Subject, "userId" | "service" | "tenantId">;

/** Somebody who acts for somebody who acts for ...: longer chains are refused, for they may be endless. */
export const LONGEST_CHAIN = 8;

/** What kind of name a holder has, and the name; null when nobody, or more than one, is named. */
export function nameOf(holder: {
  readonly userId: string | null;
  readonly service: string | null;
  readonly role?: string | null;
}): { readonly kind: "user" | "service" | "role"; readonly id: string } | null {
  const { userId, service, role = null } = holder;
  const named = [userId, service, role].filter((id) => id !== null);
  if (named.length !== 1) return null;
  if (userId !== null) return { kind: "user", id: userId };
  return service === null ? { kind: "role", id: named[0] as string } : { kind: "service", id: service };
}

/** Whether exactly one principal is named. */
export const isNamed = ({ userId, service }: PrincipalRef): boolean => (userId === null) !== (service === null);

/** The subject and those it acts for. An endless chain is cut: whoever decides refuses it. */
export function chainOf(subject: Subject | null): readonly Subject[] {
  const chain: Subject[] = [];
  for (let one = subject; one !== null && chain.length < LONGEST_CHAIN; one = one.onBehalfOf) chain.push(one);
  return chain;
}

/** Names as JSON text: line breaks and terminal codes in an id must not forge a line of a log. */
export const quote = (name: string): string => JSON.stringify(name);

/** `user "bob"`, `service "nightly" of tenant "acme"`: for the developer's side of a denial. */
export function describe(
  holder: PrincipalRef & { readonly role?: string | null | undefined; readonly anyTenant?: boolean },
): string {
  // Field by field: a live principal's are getters, which a spread leaves behind.
  const name = nameOf({ userId: holder.userId, service: holder.service, role: holder.role ?? null });
  const who = name === null ? "nobody" : `${name.kind} ${quote(name.id)}`;
  if (holder.anyTenant === true) return `${who} of any tenant`;
  return holder.tenantId === null ? who : `${who} of tenant ${quote(holder.tenantId)}`;
}

/** One text per principal and tool; no two share one. */
export const keyOf = ({ userId, service, tenantId }: PrincipalRef, toolName: string): string =>
  JSON.stringify([tenantId, userId, service, toolName]);
