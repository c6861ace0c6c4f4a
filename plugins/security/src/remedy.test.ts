import { createStack, DeniedError } from "@graphtap/langgraph";
import { scriptedTool } from "@graphtap/testkit";
import { expect, it } from "vitest";
import { security } from "./index.js";
import { remedyFor } from "./remedy.js";

const bob = { userId: "bob", service: null, tenantId: null, onBehalfOf: null };

it("names the grant that is missing, and how to check it", () => {
  expect(remedyFor({ cause: "no-grant", requiredLevel: "write" }, { ...bob, tenantId: "acme" }, "refund")).toBe(
    'stack.get(security).grantToolPermission({ userId: "bob", tenantId: "acme", toolName: "refund", permissionLevel: "write" })\n' +
      "Check first: npx graphtap can bob refund --tenant acme",
  );
});

it("proposes no grant where none would help, or where it is not known whose is missing", () => {
  expect(remedyFor({ cause: "rate", requiredLevel: "read" }, bob, "refund")).toBe(
    "npx graphtap can bob refund   says what would let it pass.",
  );
  const service = { userId: null, service: "nightly job", tenantId: null, onBehalfOf: bob };
  expect(remedyFor({ cause: "no-grant", requiredLevel: "read" }, service, "refund")).toBe(
    'npx graphtap can "nightly job" refund --service   says what would let it pass.',
  );
  expect(remedyFor({ cause: "no-identity", requiredLevel: null }, null, "refund")).toBeNull();
});

it("is the Do: of the error that a bare call throws", async () => {
  await using stack = createStack({ plugins: [security({ tools: { refund: { level: "write" } } })] });
  const refund = stack.wrapTool(scriptedTool("refund", "ok"));
  const error: unknown = await refund.invoke({}, stack.as({ userId: "bob" })).catch((caught: unknown) => caught);
  expect(DeniedError.isDenied(error)).toBe(true);
  expect((error as Error).message).toMatch(
    /\n {2}Do: {2}stack\.get\(security\)\.grantToolPermission\(\{ userId: "bob", toolName: "refund", permissionLevel: "write" \}\)\n {7}Check first: npx graphtap can bob refund$/,
  );
});
