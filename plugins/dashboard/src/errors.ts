import { type CatalogEntry, GraphTapError } from "@graphtap/kernel";

const entries = {
  DASHBOARD_USER_INVALID: {
    title: "getUserDashboard() was not told whose dashboard",
    why: "It takes a user id, or { userId, tenantId }. An empty id is refused, because it would be nobody's.",
    do: "Pass the id of the user who is signed in, never one from the request's body.",
    example: 'await stack.get(dashboard).getUserDashboard({ userId: "alice", tenantId: "acme" });',
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws. */
export type DashboardErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<DashboardErrorCode, CatalogEntry>> = Object.freeze(entries);

export function userInvalid(why: string): GraphTapError {
  const { do: fix, example } = entries.DASHBOARD_USER_INVALID;
  return new GraphTapError({
    code: "DASHBOARD_USER_INVALID",
    what: "getUserDashboard() was not told whose dashboard.",
    why,
    do: `${fix}\n${example}`,
    plugin: "dashboard",
  });
}
