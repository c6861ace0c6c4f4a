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

const needy = definePlugin({
  name: "acme-needy",
  version: "1.0.0",
  requires: [Security],
  setup: (api) => void api.get(Security).policyVersion,
});
createStack({ plugins: [needy(), security()] });
// @ts-expect-error nothing provides the permissions it requires
createStack({ plugins: [needy()] });
