/** Who asks: exactly one of user and service is set. The binding's principal has this shape. */
export interface Subject {
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
  /** For whom it acts; rights are the intersection of both. */
  readonly onBehalfOf: Subject | null;
}

/** What kind of name a subject has, and the name; null when nobody, or more than one, is named. */
export function nameOf(subject: Omit<Subject, "onBehalfOf">): { kind: "user" | "service"; id: string } | null {
  const { userId, service } = subject;
  if (userId !== null) return service === null ? { kind: "user", id: userId } : null;
  return service === null ? null : { kind: "service", id: service };
}

/** Whether exactly one principal is named. */
export const isNamed = ({ userId, service }: Omit<Subject, "onBehalfOf">): boolean =>
  (userId === null) !== (service === null);

/** Names as JSON text: line breaks and terminal codes in an id must not forge a line of a log. */
export const quote = (name: string): string => JSON.stringify(name);

/** `user "bob"`, `service "nightly" of tenant "acme"`: for the developer's side of a denial. */
export function describe(subject: Omit<Subject, "onBehalfOf">): string {
  const name = nameOf(subject);
  const who = name === null ? "nobody" : `${name.kind} ${quote(name.id)}`;
  return subject.tenantId === null ? who : `${who} of tenant ${quote(subject.tenantId)}`;
}
