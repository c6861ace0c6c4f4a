/** One thing to measure: `run` does the work once; `times` is how often per sample, so that a sample is some milliseconds. */
export interface Case {
  readonly name: string;
  readonly times: number;
  run(): unknown;
}

/** Cases that are compared with each other; the first is what the others are divided by. */
export interface Group {
  readonly title: string;
  readonly rounds: number;
  /**
   * Runs of each case before anything is measured; three samples where it is left out. Cases of one process warm up what
   * they share many times over, and what is their own only once: with few runs the one that has most of its own looks
   * dearer than it is.
   */
  readonly warmup?: number;
  readonly cases: readonly [Case, ...Case[]];
  /** The ratio aimed at per case name; cases without one are shown for comparison. */
  readonly budgets: Readonly<Record<string, number>>;
  /**
   * The ratio that fails the run, per case name. Default: the budget. Wider where the budget lies near the noise of a
   * shared machine, or is not reached yet: then this holds what has been reached.
   */
  readonly limits?: Readonly<Record<string, number>>;
}

/** A ratio of CPU times, with the interval in which its median lies (95 %). */
export interface Ratio {
  readonly name: string;
  readonly microseconds: number;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly budget: number | null;
  readonly limit: number | null;
}

/** CPU microseconds of this process per call: other processes' load does not count, wall time is not looked at. */
async function sample({ run, times }: Case): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    const pending = run();
    if (pending instanceof Promise) await pending;
  }
  const used = process.cpuUsage(before);
  return (used.user + used.system) / times;
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => {
  const list = sorted(values);
  const middle = list.length >> 1;
  return list.length % 2 === 1
    ? (list[middle] as number)
    : ((list[middle - 1] as number) + (list[middle] as number)) / 2;
};

/** Order-statistics interval of a median: ranks n/2 +- 0.98 sqrt(n) hold it with 95 % (normal approximation of the binomial). */
function interval(values: readonly number[]): readonly [number, number] {
  const list = sorted(values);
  const spread = 0.98 * Math.sqrt(list.length);
  const low = Math.max(0, Math.floor(list.length / 2 - spread));
  const high = Math.min(list.length - 1, Math.ceil(list.length / 2 + spread));
  return [list[low] as number, list[high] as number];
}

/** Measures a group: every round runs each case once in a new order, and ratios are taken within the round. */
export async function measure(group: Group, progress: (text: string) => void): Promise<readonly Ratio[]> {
  const samples = new Map(group.cases.map((c) => [c.name, [] as number[]]));
  const most = Math.max(...group.cases.map((c) => Math.ceil((group.warmup ?? 3 * c.times) / c.times)));
  for (let round = 0; round < most; round++) {
    progress(`${group.title}: warm-up ${round + 1} of ${most}`);
    for (const c of group.cases) if (round * c.times < (group.warmup ?? 3 * c.times)) await sample(c);
  }
  for (let round = 0; round < group.rounds; round++) {
    progress(`${group.title}: round ${round + 1} of ${group.rounds}`);
    for (const c of shuffled(group.cases, round)) samples.get(c.name)?.push(await sample(c));
  }
  const base = samples.get(group.cases[0].name) ?? [];
  return group.cases.map(({ name }) => {
    const own = samples.get(name) ?? [];
    const ratios = own.map((value, i) => value / (base[i] as number));
    const [low, high] = interval(ratios);
    const budget = group.budgets[name] ?? null;
    return {
      name,
      microseconds: median(own),
      ratio: median(ratios),
      low,
      high,
      budget,
      limit: group.limits?.[name] ?? budget,
    };
  });
}

/** A different order each round, the same in every execution. */
function shuffled<T>(list: readonly T[], seed: number): T[] {
  const copy = [...list];
  let state = seed * 2_654_435_761 + 1;
  for (let i = copy.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

/** Over its limit beyond doubt: the whole interval lies above it. */
export const exceeded = (r: Ratio): boolean => r.limit !== null && r.low > r.limit;

function judgement(r: Ratio): string {
  if (r.budget === null) return "";
  const outcome = r.high <= r.budget ? "held" : r.low > r.budget ? "missed" : "within noise";
  return `<= ${r.budget}x ${outcome}${exceeded(r) ? `, over the limit of ${r.limit}x` : ""}`;
}

const shown = (ratio: number): string => (ratio < 0.01 ? ratio.toFixed(6) : ratio.toFixed(3));

/** A group's result as a table. */
export function table(title: string, ratios: readonly Ratio[]): string {
  const rows = ratios.map((r) => [
    r.name,
    r.microseconds >= 1_000 ? `${(r.microseconds / 1_000).toFixed(2)} ms` : `${r.microseconds.toFixed(3)} us`,
    `${shown(r.ratio)}x`,
    `${shown(r.low)}-${shown(r.high)}`,
    judgement(r),
  ]);
  const head = ["", "CPU", "ratio", "95 %", "budget"];
  const width = head.map((h, i) => Math.max(h.length, ...rows.map((row) => (row[i] as string).length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(width[i] as number) : cell.padStart(width[i] as number))).join("  ")}`.trimEnd();
  return [title, line(head), ...rows.map(line)].join("\n");
}
