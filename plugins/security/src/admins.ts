import type { AdminRoleTerms } from "./options.js";
import type { Subject } from "./subject.js";

/** Who needs no grant: principals with one of these roles, of its tenant. */
export function admins(roles: readonly AdminRoleTerms[]): (subject: Subject) => boolean {
  if (roles.length === 0) return () => false;
  return (subject) =>
    subject.roles?.some((role) =>
      roles.some((one) => one.role === role && (one.anyTenant || one.tenantId === subject.tenantId)),
    ) === true;
}
