import { definePlugin, defineService } from "@graphtap/kernel";
import { hooks, type Stack } from "@graphtap/langgraph";
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
  /** Names of the tools. Default: every tool the user calls, granted when it is called. */
  readonly tools?: readonly string[];
  /** Default `admin`, the highest. */
  readonly level?: "read" | "write" | "admin";
  /** Only in this tenant. Default: in whichever the user runs. */
  readonly tenantId?: string;
}

/** Grants are by exact name, so "all" can only mean: whatever is called, just before it is judged. */
const granting = (security: Granting, userId: string, level: string, tenantId: string | undefined) =>
  definePlugin({
    name: "testkit-grant-all",
    version: "0.0.0",
    identity: "none",
    setup(api) {
      api.tap(
        hooks.tool.prepare,
        async ({ name: toolName }, { principal }) => {
          const user = principal?.userId === userId ? principal : principal?.onBehalfOf;
          if (user?.userId !== userId || (tenantId !== undefined && user.tenantId !== tenantId)) return;
          const tenant = user.tenantId === null ? {} : { tenantId: user.tenantId };
          await security.grantToolPermission({ userId, toolName, permissionLevel: level, ...tenant });
        },
        { stage: "pre" },
      );
    },
  })(undefined, { key: crypto.randomUUID() });

/**
 * Lets a user run every tool, for tests: there is no switch that turns security off. Grants through the security plugin's
 * public service, for which the user has to be known: run as `stack.as({ userId })`.
 *
 * @throws GraphTapError SECURITY_NOT_INSTALLED
 * @example
 * await grantAll(stack, "alice");
 */
export async function grantAll(
  stack: Pick<Stack, "find" | "ready" | "name" | "use">,
  userId: string,
  options: GrantOptions = {},
): Promise<void> {
  await stack.ready();
  const security = stack.find(Security);
  if (typeof security?.grantToolPermission !== "function") throw securityNotInstalled(stack.name);
  const { tools, level = "admin", tenantId } = options;
  if (tools === undefined) return stack.use(granting(security, userId, level, tenantId));
  for (const toolName of tools)
    await security.grantToolPermission({
      userId,
      toolName,
      permissionLevel: level,
      ...(tenantId === undefined ? {} : { tenantId }),
    });
}
