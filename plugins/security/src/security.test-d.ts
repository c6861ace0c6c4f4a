import { createStack, definePlugin } from "@graphtap/langgraph";
import { Security, security } from "./index.js";

const stack = createStack({
  plugins: [security({ tools: { search: { level: "read" }, refund: { level: "write" } } })],
});
stack.get(security).grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
stack
  .get(Security)
  .grantToolPermission({ service: "nightly", toolName: "refund", permissionLevel: "admin", expiry: new Date() });
security();

// @ts-expect-error no such level
security({ tools: { refund: { level: "none" } } });
// @ts-expect-error no such option
security({ tool: {} });
// @ts-expect-error a grant belongs to one principal
stack.get(security).grantToolPermission({ userId: "a", service: "b", toolName: "refund", permissionLevel: "read" });
// @ts-expect-error a grant belongs to somebody
stack.get(security).grantToolPermission({ toolName: "refund", permissionLevel: "read" });
// @ts-expect-error no such level
stack.get(security).grantToolPermission({ userId: "a", toolName: "refund", permissionLevel: "root" });

const decision = stack.get(security).authorizeToolExecution({ userId: "a", toolName: "refund" });
if (decision.allowed) decision.code satisfies null;
else decision.message satisfies string;

const manager = stack.get(security);
manager.grantToolPermission({
  role: "support",
  anyTenant: true,
  toolName: "refund",
  permissionLevel: "write",
  allowedMethods: new Set(["create"]),
  rateLimit: [{ limit: 10 }, { limit: 1, windowMs: 1_000 }],
  notBefore: 0,
});
manager.kill();
manager.kill("tool:refund", { by: "on-call" });
manager.explain({ userId: "a", toolName: "refund", at: new Date() }).fix satisfies string | null;
security({
  adminRoles: ["root", { role: "admin", tenantId: "acme" }, { role: "staff", anyTenant: true }],
  tools: { files: { method: ({ action }: { action: string }) => action, methods: { list: "read" }, rateLimit: 5 } },
  mode: "shadow",
  shadowUntil: new Date(),
});
// @ts-expect-error a user is of one tenant
manager.grantToolPermission({ userId: "a", anyTenant: true, toolName: "refund", permissionLevel: "read" });
// @ts-expect-error a date is no text
manager.grantToolPermission({ userId: "a", toolName: "refund", permissionLevel: "read", expiry: "2030-01-01" });
// @ts-expect-error no such switch
manager.kill("refund");
// @ts-expect-error a role is of one tenant or of all
security({ adminRoles: [{ role: "admin" }] });
// @ts-expect-error a method needs something
security({ tools: { files: { methods: { list: "none" } } } });

const needy = definePlugin({
  name: "acme-needy",
  version: "1.0.0",
  requires: [Security],
  setup: (api) => void api.get(Security).policyVersion,
});
createStack({ plugins: [needy(), security()] });
// @ts-expect-error nothing provides the permissions it requires
createStack({ plugins: [needy()] });
