import { z } from "zod";
import { blockedError, queryInvalid, refusalOf } from "./errors.js";
import type {
  ContentAction,
  ContentFilter,
  ContentStats,
  ContentStatsQuery,
  Finding,
  Findings,
  Masked,
  ScanOptions,
} from "./keys.js";
import type { Policy } from "./policy.js";
import type { Tally } from "./tally.js";
import { type FoundAt, Scan, type ScanLimits } from "./values/scan.js";

const scanOptions = z
  .strictObject({ place: z.enum(["input", "output", "toolArguments", "toolResult"]).default("output") })
  .prefault({});
const statsQuery = z
  .strictObject({ userId: z.string().min(1).optional(), tenantId: z.string().min(1).nullable().optional() })
  .prefault({})
  .refine(({ userId, tenantId }) => userId !== undefined || tenantId === undefined, "tenantId needs userId");

const FINDINGS = 1_000;
const RANK: readonly ContentAction[] = ["allow", "flag", "mask", "block"];

/** The filter as a service: the places of the stack, for values that pass none of them. */
export class Filter implements ContentFilter {
  constructor(
    readonly policy: Policy,
    readonly limits: ScanLimits,
    readonly onLimit: "block" | "flag",
    readonly tally: Tally,
  ) {}

  scan(value: unknown, options?: ScanOptions): Findings {
    return this.#looked("scan", value, options).findings;
  }

  mask<T>(value: T, options?: ScanOptions): Masked<T> {
    const { findings, scan, over, place } = this.#looked("mask", value, options);
    if (over !== null && this.onLimit === "block")
      throw blockedError("a value", refusalOf("limit", place, `not all of it could be looked at (${over})`), "mask()");
    const shown = findings.action === "mask" || findings.action === "block" ? scan?.hidden(value) : undefined;
    if (shown !== undefined && !shown.complete)
      throw blockedError("a value", refusalOf("limit", place, "it changed while it was looked at"), "mask()");
    return Object.freeze({ ...findings, value: shown === undefined ? value : (shown.value as T) });
  }

  stats(query?: ContentStatsQuery): ContentStats {
    const given = statsQuery.safeParse(query);
    if (!given.success) throw queryInvalid("stats", given.error, query);
    const { userId, tenantId } = given.data;
    return this.tally.stats({ ...(userId === undefined ? {} : { userId }), tenantId: tenantId ?? null });
  }

  #looked(method: string, value: unknown, options: ScanOptions | undefined) {
    const given = scanOptions.safeParse(options);
    if (!given.success) throw queryInvalid(method, given.error, options);
    const { place } = given.data;
    const program = this.policy[place];
    const findings: Finding[] = [];
    const counts = new Map<string, number>();
    let action: ContentAction | null = null;
    const add = (finding: Finding): void => {
      counts.set(finding.detector, (counts.get(finding.detector) ?? 0) + 1);
      if (action === null || RANK.indexOf(finding.action) > RANK.indexOf(action)) ({ action } = finding);
      if (findings.length < FINDINGS) findings.push(finding);
    };
    const at: FoundAt[] = [];
    const scan = program === null ? null : new Scan(program, this.limits, null, (found) => at.push(found));
    const over = scan?.run(value).over ?? null;
    for (const found of at) add(findingOf(found));
    if (over !== null)
      add({
        detector: "limit",
        kind: "limit",
        action: this.onLimit,
        path: "$",
        from: null,
        to: null,
        encoding: null,
        sample: null,
      });
    return {
      findings: Object.freeze({
        clean: findings.length === 0,
        action: action as ContentAction | null,
        findings: Object.freeze(findings),
        counts: Object.freeze(Object.fromEntries(counts)),
      }),
      scan,
      over,
      place,
    };
  }
}

const findingOf = ({ found, whole, path }: FoundAt): Finding => ({
  detector: found.id,
  kind: found.kind,
  action: found.action,
  path,
  from: whole || found.from < 0 ? null : found.from,
  to: whole || found.to < 0 ? null : found.to,
  encoding: found.encoding,
  sample: found.sample,
});
