import { createStack } from "@graphtap/langgraph";
import { scriptedTool } from "@graphtap/testkit";
import { afterEach, expect, it } from "vitest";
import { security } from "./index.js";

afterEach(() => {
  delete process.env["GRAPHTAP_KILL"];
});

it("GRAPHTAP_KILL switches off at boot what nobody can lift, and a mistake in it stops the boot", async () => {
  process.env["GRAPHTAP_KILL"] = "tool:refund, tenant:acme";
  await using stack = createStack({ plugins: [security()] });
  delete process.env["GRAPHTAP_KILL"];
  const manager = stack.get(security);
  const refund = stack.wrapTool(scriptedTool("refund", "done"));
  const search = stack.wrapTool(scriptedTool("search", "found"));
  for (const toolName of ["refund", "search"])
    for (const tenantId of [undefined, "acme"])
      manager.grantToolPermission({ userId: "a", toolName, permissionLevel: "write", ...(tenantId && { tenantId }) });
  await expect(refund.invoke({}, stack.as({ userId: "a" }))).rejects.toMatchObject({ code: "KILLED" });
  await expect(search.invoke({}, stack.as({ userId: "a", tenantId: "acme" }))).rejects.toMatchObject({
    code: "KILLED",
  });
  expect(await search.invoke({}, stack.as({ userId: "a" }))).toBe("found");
  expect(manager.lift("tool:refund")).toBe(false);
  expect(manager.explain({ userId: "a", toolName: "refund" }).fix).toContain("GRAPHTAP_KILL");
  expect(manager.kills.map(({ source }) => source)).toEqual(["environment", "environment"]);

  process.env["GRAPHTAP_KILL"] = "refund";
  const broken = createStack({ plugins: [security()] });
  await expect(broken.ready()).rejects.toThrow("KILL_INVALID");
  await broken.dispose().catch(() => undefined);
});
