import type { HealthIndicator } from "@graphtap/langgraph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HealthAnswer, healthScore } from "./score.js";

const HOUR = 3_600_000;
const windowMs = fc.constantFrom(60_000, 300_000, HOUR, 6 * HOUR, 24 * HOUR);
const counts = fc
  .tuple(fc.nat({ max: 5_000 }), fc.nat({ max: 5_000 }))
  .map(([a, b]) => ({ good: Math.min(a, b), valid: Math.max(a, b) }));
const indicator: fc.Arbitrary<HealthIndicator> = fc.record({
  id: fc.constant("one"),
  title: fc.constant("One"),
  objective: fc.double({ min: 0.5, max: 0.999, noNaN: true }),
  weight: fc.double({ min: 0.1, max: 5, noNaN: true }),
  windows: fc
    .uniqueArray(fc.tuple(windowMs, counts), { selector: ([ms]) => ms, minLength: 1 })
    .map((list) => list.map(([ms, count]) => ({ windowMs: ms, ...count }))),
});
const answerOf = (indicators: readonly HealthIndicator[], plugin = "p"): HealthAnswer => ({
  plugin,
  check: { id: plugin, status: "ok", indicators },
});
const answers = fc
  .array(fc.tuple(fc.array(indicator, { maxLength: 3 }), fc.option(fc.double({ min: 0, max: 1, noNaN: true }))), {
    maxLength: 4,
  })
  .map((list) =>
    list.map(([indicators, cap], at) => ({
      plugin: `p${at}`,
      check: {
        id: `p${at}`,
        status: "ok" as const,
        indicators,
        ...(cap === null ? {} : { gate: { cap, reason: "broken" } }),
      },
    })),
  );
const scoreOf = (windows: HealthIndicator["windows"], objective = 0.99): number =>
  healthScore([answerOf([{ id: "a", title: "A", objective, weight: 1, windows }])]).score ?? Number.NaN;

describe("healthScore", () => {
  it("is unknown, and not zero, when nothing happened", () => {
    expect(healthScore([])).toMatchObject({ score: null, status: "unknown", confidence: 0, coverage: 0 });
    const idle = healthScore([
      answerOf([
        { id: "a", title: "Runs", objective: 0.99, weight: 1, windows: [{ windowMs: HOUR, good: 0, valid: 0 }] },
      ]),
    ]);
    expect(idle).toMatchObject({ score: null, status: "unknown" });
    expect(idle.components[0]).toMatchObject({ score: null, weight: 0, lost: 0, reason: "Runs: nothing happened yet" });
  });

  it("stays within its bounds, and its losses add up", () => {
    fc.assert(
      fc.property(answers, (given) => {
        const { score, confidence, coverage, components, gates } = healthScore(given);
        for (const value of [confidence, coverage]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-9);
        }
        if (score === null) return;
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        const lost = [...components, ...gates].reduce((sum, one) => sum + one.lost, 0);
        expect(Math.abs(1 - score - lost)).toBeLessThan(1e-9);
        const known = components.filter((one) => one.score !== null);
        if (known.length > 0) expect(known.reduce((sum, one) => sum + one.weight, 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 500 },
    );
  });

  it("does not mind in which order plugins, indicators and windows come", () => {
    fc.assert(
      fc.property(answers, (given) => {
        const turned = given.toReversed().map((answer) => ({
          ...answer,
          check: {
            ...answer.check,
            indicators: answer.check.indicators
              .toReversed()
              .map((one) => ({ ...one, windows: one.windows.toReversed() })),
          },
        }));
        const [a, b] = [healthScore(given).score, healthScore(turned).score];
        if (a === null || b === null) expect(a).toBe(b);
        else expect(a).toBeCloseTo(b, 9);
      }),
    );
  });

  it("never falls when one more event is good", () => {
    fc.assert(
      fc.property(indicator, fc.nat(), (one, which) => {
        const better = one.windows.map((window, at) =>
          at === which % one.windows.length && window.good < window.valid
            ? { ...window, good: window.good + 1 }
            : window,
        );
        const [before, after] = [one, { ...one, windows: better }].map((each) => healthScore([answerOf([each])]).score);
        if (before !== null && before !== undefined) expect(after).toBeGreaterThanOrEqual(before - 1e-12);
      }),
    );
  });

  it("is 1 when every objective is met", () => {
    fc.assert(
      fc.property(fc.array(indicator, { minLength: 1, maxLength: 5 }), (list) => {
        const met = list.map((one) => ({
          ...one,
          windows: one.windows.map(({ windowMs: ms, valid }) => ({
            windowMs: ms,
            valid,
            good: Math.min(valid, Math.ceil(valid * one.objective)),
          })),
        }));
        const { score } = healthScore([answerOf(met)]);
        if (score !== null) expect(score).toBeCloseTo(1, 9);
      }),
    );
  });

  it("hardly moves when the traffic is ten times as much at the same rates", () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (valid, rate) => {
        const good = Math.round(valid * rate);
        for (const longest of [HOUR, 6 * HOUR, 24 * HOUR]) {
          const windows = [300_000, HOUR, longest].map((ms) => ({ windowMs: ms, good, valid }));
          const more = windows.map((one) => ({ ...one, good: one.good * 10, valid: one.valid * 10 }));
          expect(Math.abs(scoreOf(windows) - scoreOf(more))).toBeLessThan(0.1);
        }
      }),
    );
  });

  it("heals within the short window when an incident is over", () => {
    const during = [
      { windowMs: 300_000, good: 0, valid: 50 },
      { windowMs: HOUR, good: 500, valid: 600 },
    ];
    const after = [{ windowMs: 300_000, good: 50, valid: 50 }, during[1] as (typeof during)[0]];
    expect(scoreOf(during)).toBeLessThan(0.5);
    expect(scoreOf(after)).toBe(1);
  });

  it("takes one failure of one call for little in every window, a day's too", () => {
    const day = (good: number, valid: number) =>
      [300_000, HOUR, 24 * HOUR].map((windowMs) => ({ windowMs, good, valid }));
    for (const windowMs of [300_000, HOUR, 6 * HOUR, 24 * HOUR])
      expect(scoreOf([{ windowMs, good: 0, valid: 1 }])).toBeGreaterThan(0.3);
    expect(scoreOf(day(0, 1))).toBeGreaterThan(0.3);
    expect(scoreOf(day(5, 6), 0.98)).toBeGreaterThan(0.6);
    expect(scoreOf(day(0, 100))).toBeLessThan(0.05);
    // Many events say what they say, however long the window is.
    expect(scoreOf(day(9_700, 10_000))).toBeLessThan(0.05);
    expect(scoreOf(day(9_900, 10_000))).toBe(1);
  });

  it("takes one failure of one call in an hour for little", () => {
    expect(scoreOf([{ windowMs: HOUR, good: 0, valid: 1 }])).toBeGreaterThan(0.3);
    expect(scoreOf([{ windowMs: HOUR, good: 0, valid: 100 }])).toBeLessThan(0.05);
  });

  it("caps the score where a gate is shut, and says who shut it", () => {
    const perfect = answerOf([
      { id: "a", title: "A", objective: 0.99, weight: 1, windows: [{ windowMs: HOUR, good: 10, valid: 10 }] },
    ]);
    const broken = {
      plugin: "audit",
      check: { id: "audit", status: "failing" as const, gate: { cap: 0.2, reason: "chain broken" } },
    };
    expect(healthScore([perfect, broken])).toMatchObject({
      score: 0.2,
      status: "critical",
      gates: [{ plugin: "audit", cap: 0.2, reason: "chain broken", lost: 0.8 }],
    });
    expect(healthScore([broken])).toMatchObject({ score: 0.2 });
  });

  it("leaves out what no score can be made of", () => {
    const bad = [
      { objective: 1 },
      { objective: Number.NaN },
      { weight: 0 },
      { weight: Number.POSITIVE_INFINITY },
      { windows: [{ windowMs: HOUR, good: 2, valid: 1 }] },
      { windows: [{ windowMs: HOUR, good: Number.NaN, valid: 1 }] },
    ].map((wrong) => ({
      id: "a",
      title: "A",
      objective: 0.9,
      weight: 1,
      windows: [{ windowMs: HOUR, good: 1, valid: 1 }],
      ...wrong,
    }));
    expect(healthScore([answerOf(bad)])).toMatchObject({ score: null, components: [] });
  });
});
