/**
 * What a permission allows, from nothing to everything. Ordered: a grant of one level covers all lower ones.
 *
 * @example
 * manager.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: PermissionLevel.WRITE });
 */
export const PermissionLevel = Object.freeze({
  NONE: "none",
  READ: "read",
  WRITE: "write",
  EXECUTE: "execute",
  ADMIN: "admin",
});
export type PermissionLevel = (typeof PermissionLevel)[keyof typeof PermissionLevel];

/** A level that a tool may ask for. `none` is left out: a tool that asks for nothing would be open to everybody. */
export type RequiredLevel = Exclude<PermissionLevel, "none">;

/** All levels, lowest first. */
export const PERMISSION_LEVELS = Object.freeze(["none", "read", "write", "execute", "admin"] as const);

/** The levels a tool may ask for, lowest first. */
export const REQUIRED_LEVELS = Object.freeze(["read", "write", "execute", "admin"] as const);

const RANK: Readonly<Record<PermissionLevel, number>> = { none: 0, read: 1, write: 2, execute: 3, admin: 4 };

export function isRequiredLevel(value: unknown): value is RequiredLevel {
  return (REQUIRED_LEVELS as readonly unknown[]).includes(value);
}

/** The highest of these. */
export const highest = (levels: readonly [RequiredLevel, ...RequiredLevel[]]): RequiredLevel =>
  levels.reduce((one, other) => (RANK[other] > RANK[one] ? other : one));

/** Whether holding `held` is enough where `required` is asked for. */
export function covers(held: PermissionLevel, required: RequiredLevel): boolean {
  return RANK[held] >= RANK[required];
}
