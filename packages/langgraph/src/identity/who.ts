import { problemsOf } from "@graphtap/kernel";
import { z } from "zod";
import { identityInvalid } from "../errors.js";
import { Principal } from "./principal.js";

/** One user, as a loader or a session gives it. */
export interface WhoUser {
  readonly userId: string;
  readonly tenantId?: string | undefined;
  readonly roles?: readonly string[] | undefined;
}
/** One service, optionally acting for a user: its rights are the intersection of both. */
export interface WhoService {
  readonly service: string;
  readonly tenantId?: string | undefined;
  readonly roles?: readonly string[] | undefined;
}
/** What `stack.as` takes. Other keys are facts and need `facts` at createStack. */
export type Who = ((WhoUser & { readonly service?: undefined }) | (WhoService & { readonly userId?: undefined })) & {
  readonly onBehalfOf?: WhoUser | undefined;
  /** Becomes `configurable.thread_id`. */
  readonly conversationId?: string | undefined;
};

/**
 * An identity as a resolver gives it: a {@link Who}, with facts beside it. Its keys may be untyped, because a server's user
 * is: each is checked when a run starts, and what does not fit refuses the run.
 */
export type ResolvedWho =
  | Who
  | (({ readonly userId: unknown } | { readonly service: unknown }) & { readonly [key: string]: unknown });

const id = z.string().min(1).max(512);
const roles = z.array(z.string().min(1).max(256)).max(256);
const user = z.strictObject({ userId: id, tenantId: id.optional(), roles: roles.optional() });
const known = z.object({
  userId: id.optional(),
  service: id.optional(),
  tenantId: id.optional(),
  roles: roles.optional(),
  conversationId: id.optional(),
  onBehalfOf: user.optional(),
});
const KNOWN_KEYS = new Set(Object.keys(known.shape));

/** A parsed `who`: the principal and the conversation it speaks in. */
export interface ParsedWho {
  readonly principal: Principal;
  readonly conversationId: string | undefined;
}

/**
 * Checks a `who` and makes its principal.
 *
 * @throws GraphTapError IDENTITY_INVALID naming the key, what was got and what was expected.
 */
export function parseWho(who: unknown, facts: z.ZodType | undefined): ParsedWho {
  if (typeof who !== "object" || who === null)
    throw identityInvalid([`expected { userId } or { service }, got ${who === null ? "null" : typeof who}`]);
  const parsed = known.safeParse(who);
  if (!parsed.success) throw identityInvalid(problemsOf(parsed.error, who, known));
  const given = parsed.data;
  if ((given.userId === undefined) === (given.service === undefined))
    throw identityInvalid([
      `expected exactly one of userId and service, got ${Object.keys(who).slice(0, 8).join(", ") || "no key"}`,
    ]);
  if (given.userId === "system")
    throw identityInvalid(['userId: "system" is no user; a background job runs as { service: "its-name" }']);
  const principal = new Principal({
    userId: given.userId ?? null,
    service: given.service ?? null,
    tenantId: given.tenantId ?? null,
    roles: given.roles ?? [],
    facts: parseFacts(who as Record<string, unknown>, facts),
    onBehalfOf:
      given.onBehalfOf === undefined
        ? null
        : new Principal({
            userId: given.onBehalfOf.userId,
            service: null,
            tenantId: given.onBehalfOf.tenantId ?? given.tenantId ?? null,
            roles: given.onBehalfOf.roles ?? [],
            facts: {},
            onBehalfOf: null,
          }),
  });
  return { principal, conversationId: given.conversationId };
}

function parseFacts(who: Record<string, unknown>, facts: z.ZodType | undefined): Record<string, unknown> {
  const rest: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(who)) if (!KNOWN_KEYS.has(key)) rest[key] = value;
  const names = Object.keys(rest);
  if (facts === undefined) {
    if (names.length === 0) return {};
    throw identityInvalid([
      `${names.join(", ")}: unknown key; facts about a user need createStack({ facts: z.object({ ${names[0]}: ... }) })`,
    ]);
  }
  const parsed = facts.safeParse({ ...rest });
  if (!parsed.success) throw identityInvalid(problemsOf(parsed.error, rest, facts));
  return parsed.data as Record<string, unknown>;
}
