import { defineService } from "@graphtap/kernel";
import type { Stack } from "@graphtap/langgraph";
import { securityNotInstalled } from "../errors.js";

interface Grant {
  readonly userId: string;
  readonly toolName: string;
  readonly permissionLevel: string;
  readonly tenantId?: string;
}

/** The part of the security plugin's service that grants. The key is by id, so that no plugin has to be installed here. */
interface Granting {
  grantToolPermission(grant: Grant): unknown;
}

const Security = defineService<Granting>()("security");

export interface GrantOptions {
  /** Names of the tools. Default `["*"]`: all of them. */
  readonly tools?: readonly string[];
  /** Default `admin`, the highest. */
  readonly level?: "read" | "write" | "admin";
  readonly tenantId?: string;
}

/**
 * Lets a user run every tool, for tests: there is no switch that turns security off. Grants through the security plugin's
 * public service.
 *
 * @throws GraphTapError SECURITY_NOT_INSTALLED
 * @example
 * await grantAll(stack, "alice");
 */
export async function grantAll(
  stack: Pick<Stack, "find" | "ready" | "name">,
  userId: string,
  options: GrantOptions = {},
): Promise<void> {
  await stack.ready();
  const security = stack.find(Security);
  if (typeof security?.grantToolPermission !== "function") throw securityNotInstalled(stack.name);
  const { tools = ["*"], level = "admin", tenantId } = options;
  for (const toolName of tools)
    await security.grantToolPermission({
      userId,
      toolName,
      permissionLevel: level,
      ...(tenantId === undefined ? {} : { tenantId }),
    });
}
