import type { HealthCheck, HealthIndicator } from "@graphtap/langgraph";

/** `unknown`: nothing that counts has happened yet. */
export type HealthStatus = "ok" | "degraded" | "at risk" | "critical" | "unknown";

/** What one indicator adds to the score, or takes from it. */
export interface HealthComponent {
  /** Plugin and indicator, such as `metrics.availability`. */
  readonly id: string;
  readonly title: string;
  /** Share of good events that is aimed at. */
  readonly objective: number;
  /** Events of the longest window. */
  readonly good: number;
  readonly valid: number;
  /** Milliseconds of the window that decided. */
  readonly windowMs: number | null;
  /** How fast the error budget burns there; 1 is exactly as fast as the objective allows. Null without events. */
  readonly burn: number | null;
  /** 0 to 1; null without events. */
  readonly score: number | null;
  /** Share of this indicator in the score; 0 without events. */
  readonly weight: number;
  /** Points that the score lost to it. */
  readonly lost: number;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** A fact that caps the score. */
export interface HealthGate {
  readonly plugin: string;
  readonly cap: number;
  readonly reason: string;
  /** Points that the score lost to it, after its components. */
  readonly lost: number;
}

export interface HealthScore {
  /** 0 to 1; null while nothing is known. */
  readonly score: number | null;
  readonly status: HealthStatus;
  /** 0 to 1: how much was seen. One event counts little; from a few hundred on it is near 1. */
  readonly confidence: number;
  /** 0 to 1: weight of the indicators that had events. */
  readonly coverage: number;
  readonly components: readonly HealthComponent[];
  readonly gates: readonly HealthGate[];
}

/** An answer to `health.check`, and whose it is. */
export interface HealthAnswer {
  readonly plugin: string;
  readonly check: HealthCheck;
}

/**
 * Events that are assumed to have gone as aimed at, before any were seen: one failure of one call is then no outage, and
 * a quiet system does not flap.
 */
const PRIOR = 20;
const WORST = 14.4;
/** From so many events on, a window speaks for itself. */
const ENOUGH = 100;

/** In longer windows a smaller burn is worth nothing, so a few events take more that are assumed. */
function priorOf(windowMs: number, valid: number): number {
  const few = Math.max(0, 1 - valid / ENOUGH);
  return PRIOR * (1 + few * (WORST / worstBurn(windowMs) - 1));
}

/** A score never gets to 0 by one indicator: the product would hide all others. */
const FLOOR = 0.01;
const HOUR = 3_600_000;

/**
 * Burn at which an indicator is worth nothing, by the longer window: 14.4 in an hour and 6 in six hours are the paging
 * thresholds of the SRE workbook (table 5-8: 2 % and 5 % of a 30-day budget); 3 in a day is 10 %.
 */
const worstBurn = (windowMs: number): number => (windowMs <= HOUR ? WORST : windowMs <= 6 * HOUR ? 6 : 3);

/**
 * One number for how well a system does, with every lost point attributed. Each indicator's error budget burns in pairs
 * of windows, a long one and the next shorter: both must burn, so what is over heals within the short one. The score is
 * the weighted geometric mean of what is left of each; denials, cancellations and interrupts are nobody's failure and
 * no events here.
 *
 * @example
 * healthScore([]).score; // null: nothing is known, which is neither well nor ill
 */
export function healthScore(answers: readonly HealthAnswer[]): HealthScore {
  const judged = answers.flatMap(({ plugin, check }) =>
    (check.indicators ?? []).filter(isUsable).map((indicator) => judge(plugin, indicator)),
  );
  const total = judged.reduce((sum, { weight }) => sum + weight, 0);
  const seen = judged.filter(({ score }) => score !== null);
  const weightSeen = seen.reduce((sum, { weight }) => sum + weight, 0);
  const share = (one: Judged): number => (one.score === null ? 0 : one.weight / weightSeen);
  const log = (one: Judged): number => (one.score === null ? 0 : share(one) * Math.log(Math.max(one.score, FLOOR)));
  const logs = judged.reduce((sum, one) => sum + log(one), 0);
  const open = seen.length === 0 ? null : Math.exp(logs);

  const components = judged.map((one): HealthComponent => {
    const lost = open === null || logs === 0 ? 0 : ((1 - open) * log(one)) / logs;
    const { good, valid } = one;
    return { ...one, weight: share(one), lost, reason: reasonOf(one.title, one.objective, good, valid, one.burn) };
  });
  const gates = gatesOf(answers, open);
  const cap = Math.min(1, ...gates.map((gate) => gate.cap));
  const score = open === null ? (gates.length > 0 ? cap : null) : Math.min(open, cap);
  return {
    score,
    status: statusOf(score),
    confidence: seen.reduce((sum, one) => sum + (share(one) * one.valid) / (one.valid + PRIOR), 0),
    coverage: total === 0 ? 0 : weightSeen / total,
    components,
    gates,
  };
}

type Judged = Omit<HealthComponent, "lost" | "reason">;

/** Heavier ones are none: their sum must stay a number. */
const HEAVIEST = 1_000_000;

/** What a plugin answers is checked: a wrong weight must not turn the score into NaN. */
function isUsable({ objective, weight, windows }: HealthIndicator): boolean {
  const count = (value: number): boolean => Number.isFinite(value) && value >= 0;
  return (
    objective > 0 &&
    objective < 1 &&
    weight > 0 &&
    weight <= HEAVIEST &&
    windows.every(({ windowMs, good, valid }) => windowMs > 0 && count(good) && count(valid) && good <= valid)
  );
}

function judge(plugin: string, { id, title, objective, weight, windows }: HealthIndicator): Judged {
  const sorted = windows.toSorted((a, b) => a.windowMs - b.windowMs);
  const longest = sorted.at(-1);
  const none = {
    id: `${plugin}.${id}`,
    title,
    objective,
    weight,
    good: longest?.good ?? 0,
    valid: longest?.valid ?? 0,
  };
  if (longest === undefined || sorted.every(({ valid }) => valid === 0))
    return { ...none, windowMs: null, burn: null, score: null };
  let worst: { score: number; burn: number; windowMs: number } | null = null;
  for (const [at, long] of sorted.entries()) {
    if (at === 0 && sorted.length > 1) continue;
    const short = sorted[at - 1] ?? long;
    const burn = Math.min(burnOf(long, objective), burnOf(short, objective));
    const score = burn <= 1 ? 1 : Math.max(0, 1 - Math.log(burn) / Math.log(worstBurn(long.windowMs)));
    if (worst === null || score < worst.score || (score === worst.score && burn > worst.burn))
      worst = { score, burn, windowMs: long.windowMs };
  }
  return { ...none, ...(worst as { score: number; burn: number; windowMs: number }) };
}

function burnOf(
  { windowMs, good, valid }: { windowMs: number; good: number; valid: number },
  objective: number,
): number {
  const prior = priorOf(windowMs, valid);
  const share = (good + prior * objective) / (valid + prior);
  // Rounded: what is exactly as aimed at must not burn by the last bit of a number.
  return Math.round(((1 - share) / (1 - objective)) * 1e9) / 1e9;
}

function gatesOf(answers: readonly HealthAnswer[], open: number | null): readonly HealthGate[] {
  let left = open ?? 1;
  return answers
    .flatMap(({ plugin, check: { gate } }) => (gate === undefined ? [] : [{ plugin, ...gate }]))
    .map(({ plugin, cap, reason }) => ({
      plugin,
      reason,
      cap: Number.isFinite(cap) ? Math.min(1, Math.max(0, cap)) : 0,
    }))
    .sort((a, b) => a.cap - b.cap)
    .map((gate) => {
      const lost = Math.max(0, left - gate.cap);
      left -= lost;
      return { ...gate, lost };
    });
}

function statusOf(score: number | null): HealthStatus {
  if (score === null) return "unknown";
  if (score >= 0.9) return "ok";
  if (score >= 0.7) return "degraded";
  return score >= 0.4 ? "at risk" : "critical";
}

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;

function reasonOf(title: string, objective: number, good: number, valid: number, burn: number | null): string {
  if (burn === null) return `${title}: nothing happened yet`;
  const facts = `${title}: ${good} of ${valid} good, ${percent(objective)} aimed at`;
  return burn <= 1 ? facts : `${facts}; budget burns ${Number(burn.toFixed(1))}x too fast`;
}
