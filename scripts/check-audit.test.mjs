// @ts-check
import { describe, expect, it } from "vitest";
import { readAudit } from "./check-audit.mjs";

const advisory = (/** @type {string} */ severity) => ({
  severity,
  module_name: "left-pad",
  title: "Pads right",
  patched_versions: ">=2",
  url: "advisory 1",
});

describe("check-audit", () => {
  it("finds high and critical, not less", () => {
    const advisories = { 1: advisory("high"), 2: advisory("moderate"), 3: advisory("critical") };
    expect(readAudit(JSON.stringify({ advisories }))).toEqual({
      state: "found",
      lines: [
        "high: left-pad: Pads right (fixed in >=2) advisory 1",
        "critical: left-pad: Pads right (fixed in >=2) advisory 1",
      ],
    });
    expect(readAudit(`a warning first\n${JSON.stringify({ advisories: { 2: advisories[2] } })}`).state).toBe("clean");
    expect(readAudit(JSON.stringify({ advisories: {}, metadata: {} })).state).toBe("clean");
  });

  it("tells a missing endpoint from a report it cannot read", () => {
    expect(readAudit("Error: ERR_PNPM_AUDIT_BAD_RESPONSE\n the audit endpoint responded with 405").state).toBe(
      "unavailable",
    );
    expect(readAudit(JSON.stringify({ error: { code: "ERR_PNPM_AUDIT_ENDPOINT_NOT_EXISTS" } })).state).toBe(
      "unavailable",
    );
    expect(readAudit("Segmentation fault").state).toBe("broken");
    expect(readAudit(JSON.stringify({ error: { code: "ERR_PNPM_AUDIT_NO_LOCKFILE" } })).state).toBe("broken");
    expect(readAudit("{}").state).toBe("broken");
  });
});
