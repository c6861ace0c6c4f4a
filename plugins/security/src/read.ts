import type { z } from "zod";
import { type CallCode, callInvalid } from "./errors.js";
import type { Holder, Subject } from "./subject.js";

/** @throws GraphTapError naming the method and what is wrong with its argument */
export function read<S extends z.ZodType>(code: CallCode, method: string, schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw callInvalid(code, method, parsed.error, input);
  return parsed.data;
}

interface Named {
  readonly userId?: string | undefined;
  readonly service?: string | undefined;
  readonly role?: string | undefined;
  readonly tenantId?: string | null | undefined;
  readonly anyTenant?: boolean | undefined;
}

export const ownerOf = ({ userId, service, tenantId }: Named) => ({
  userId: userId ?? null,
  service: service ?? null,
  tenantId: tenantId ?? null,
});

export const holderOf = (name: Named): Holder => ({
  ...ownerOf(name),
  role: name.role ?? null,
  anyTenant: name.anyTenant ?? false,
});

/** The subject of a question; for whom somebody acts is of the actor's tenant unless it says otherwise. */
export function subjectOf({
  onBehalfOf,
  roles,
  ...name
}: Named & {
  readonly roles?: readonly string[] | undefined;
  readonly onBehalfOf?: (Named & { readonly roles?: readonly string[] | undefined }) | undefined;
}): Subject {
  const owner = ownerOf(name);
  return {
    ...owner,
    roles,
    onBehalfOf:
      onBehalfOf === undefined
        ? null
        : {
            ...ownerOf({ ...onBehalfOf, tenantId: onBehalfOf.tenantId ?? owner.tenantId }),
            roles: onBehalfOf.roles,
            onBehalfOf: null,
          },
  };
}
