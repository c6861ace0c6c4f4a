import type { z } from "zod";
import { admins } from "./admins.js";
import { MemoryTrail } from "./audit.js";
import { ToolGate } from "./gate.js";
import { Grants } from "./grants.js";
import { KillSwitch, killsOf } from "./kill.js";
import type { SecurityParts } from "./manager.js";
import { managerOptions, type SecurityOptions } from "./options.js";
import { RateLimiter } from "./rate.js";
import { read } from "./read.js";
import { ToolRules } from "./rules.js";

/** Whose time it is. */
export interface Time {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go backwards: limits are counted by them. */
  monotonic(): number;
}

/** All that decides, made of options; what the environment switches off is off. */
export function gateParts(
  given: Pick<SecurityOptions, "tools" | "defaultLevel" | "adminRoles" | "maxRateEntries">,
  { now, monotonic }: Time,
) {
  const grants = new Grants();
  const rules = new ToolRules(given.tools, given.defaultLevel);
  const kills = new KillSwitch();
  for (const target of killsOf(process.env["GRAPHTAP_KILL"]))
    kills.set({ target, by: null, reason: null, at: now(), source: "environment" });
  const limiter = new RateLimiter(given.maxRateEntries);
  const isAdmin = admins(given.adminRoles ?? []);
  const moment = () => ({ monotonic: monotonic(), epoch: now() });
  const gate = new ToolGate({ grants, rules, limiter, kills, isAdmin, moment });
  return { grants, rules, kills, limiter, isAdmin, gate };
}

/** A manager without a stack: what is declared, how much is kept, and whose time it is. */
export type ManagerOptions = z.input<typeof managerOptions>;

/** @throws GraphTapError SECURITY_OPTIONS_INVALID */
export function managerParts(options: ManagerOptions): SecurityParts {
  const given = read("SECURITY_OPTIONS_INVALID", "new WorkflowSecurityManager", managerOptions, options);
  const { maxGrants, now = () => Date.now(), monotonic = () => performance.now() } = given;
  return {
    ...gateParts(given, { now, monotonic }),
    log: new MemoryTrail(given.maxAuditEntries, now),
    maxGrants,
    now,
    onChange: () => undefined,
    onKill: () => undefined,
  };
}
