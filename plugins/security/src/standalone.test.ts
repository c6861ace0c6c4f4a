import { fakeClock } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { WorkflowSecurityManager } from "./manager.js";

describe("a manager without a stack", () => {
  it("decides, counts and logs by what it was told and by its own time", async () => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    const manager = new WorkflowSecurityManager({
      tools: { files: { level: "read", method: "action" } },
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
    });
    const alice = { userId: "alice", toolName: "files" };
    manager.grantToolPermission({ ...alice, permissionLevel: "read", allowedMethods: ["list"], rateLimit: 1 });
    const call = (action: string) => manager.admitToolExecution({ ...alice, parameters: { action } }).code;
    expect([call("list"), call("drop"), call("list")]).toEqual([null, "PERMISSION_NOT_GRANTED", "RATE_LIMIT_EXCEEDED"]);
    clock.advance(3_600_000);
    expect(call("list")).toBeNull();
    const [entry] = await manager.getAuditLog({ userId: "alice" });
    expect(entry).toMatchObject({ event: "tool.allowed", method: "list", argsHash: expect.any(String) as string });
    expect(new WorkflowSecurityManager().authorizeToolExecution(alice).allowed).toBe(false);
    expect(() => new WorkflowSecurityManager({ defaultLevel: "root" as never })).toThrow("[SECURITY_OPTIONS_INVALID]");
  });

  it("names its own error for options that are none", () => {
    for (const wrong of [null, 7, { max_grants: 5 }])
      expect(() => new WorkflowSecurityManager(wrong as never)).toThrow("SECURITY_OPTIONS_INVALID");
  });
});
