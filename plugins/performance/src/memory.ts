import { type Clock, systemClock, type Timer } from "@graphtap/kernel";

/** Memory of the process at one moment, in bytes. */
export interface MemorySample {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly rssBytes: number;
  readonly externalBytes: number;
}

/** Memory over a span of time; null where nothing was sampled in it. */
export interface MemoryWindow {
  readonly windowMs: number;
  readonly samples: number;
  readonly heapUsedBytes: {
    readonly first: number;
    readonly last: number;
    readonly min: number;
    readonly max: number;
  } | null;
  readonly rssBytes: {
    readonly first: number;
    readonly last: number;
    readonly min: number;
    readonly max: number;
  } | null;
}

export interface MemoryStats {
  readonly last: MemorySample | null;
  readonly windows: readonly MemoryWindow[];
  /** Samples over the last hour, at most 60, oldest first: for a curve. */
  readonly curve: readonly MemorySample[];
  /** Milliseconds between two samples at present: more than asked for where sampling turned out to be dear. */
  readonly everyMs: number;
  /** Milliseconds of CPU spent on sampling. */
  readonly costMs: number;
}

export interface MemorySamplerOptions {
  /** Milliseconds between two samples at least. Default 10,000. */
  readonly everyMs?: number | undefined;
  /** Also sample while nothing runs, by a timer that keeps no process alive. Default false: only when runs end or somebody looks. */
  readonly timer?: boolean | undefined;
  readonly clock?: Clock | undefined;
  /** Reads the memory. Default `process.memoryUsage`. */
  readonly read?: (() => Omit<MemorySample, "at">) | undefined;
}

const MINUTE = 60_000;
const WINDOWS = [MINUTE, 5 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE];
/** A day at one sample per minute and an hour at one per ten seconds. */
const MOST = 1_800;
const CURVE = 60;
/** Sampling may take a thousandth of the time. */
const SHARE = 0.001;

interface Taken {
  readonly sample: MemorySample;
  readonly ms: number;
}

const usage = (): Omit<MemorySample, "at"> => {
  const { heapUsed, heapTotal, rss, external } = process.memoryUsage();
  return { heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, rssBytes: rss, externalBytes: external };
};

/**
 * Samples the memory of the process now and then. Cheap by construction: never more often than `everyMs`, and more
 * rarely where reading takes longer than a thousandth of that.
 */
export class MemorySampler {
  readonly #clock: Clock;
  readonly #read: () => Omit<MemorySample, "at">;
  #everyMs: number;
  /** With the monotonic time of each: a wall clock that is set back must not put old samples into a window. */
  #samples: Taken[] = [];
  #lastAt: number | null = null;
  #costMs = 0;
  #timer: Timer | null = null;

  constructor({ everyMs = 10_000, timer = false, clock = systemClock, read = usage }: MemorySamplerOptions = {}) {
    this.#clock = clock;
    this.#read = read;
    this.#everyMs = everyMs;
    if (timer) this.#tick();
  }

  /** Takes a sample if the last one is old enough. */
  touch(): void {
    if (this.#lastAt === null || this.#clock.monotonic() - this.#lastAt >= this.#everyMs) this.sample();
  }

  /** Takes a sample now. */
  sample(): MemorySample {
    const began = this.#clock.monotonic();
    const sample: MemorySample = { at: this.#clock.now(), ...this.#read() };
    const cost = this.#clock.monotonic() - began;
    this.#lastAt = began;
    this.#costMs += cost;
    if (cost > this.#everyMs * SHARE) this.#everyMs = Math.min(10 * MINUTE, Math.max(this.#everyMs * 2, cost / SHARE));
    this.#samples.push({ sample, ms: began });
    if (this.#samples.length > MOST) this.#samples = thinned(this.#samples);
    return sample;
  }

  stats(): MemoryStats {
    const now = this.#clock.monotonic();
    const within = (windowMs: number): readonly MemorySample[] =>
      this.#samples.filter(({ ms }) => ms > now - windowMs).map(({ sample }) => sample);
    const hour = within(60 * MINUTE);
    const step = Math.max(1, Math.ceil(hour.length / CURVE));
    return {
      last: this.#samples.at(-1)?.sample ?? null,
      windows: WINDOWS.map((windowMs) => {
        const inside = within(windowMs);
        return {
          windowMs,
          samples: inside.length,
          heapUsedBytes: span(inside, "heapUsedBytes"),
          rssBytes: span(inside, "rssBytes"),
        };
      }),
      curve: hour.filter((_sample, index) => (hour.length - 1 - index) % step === 0),
      everyMs: this.#everyMs,
      costMs: this.#costMs,
    };
  }

  dispose(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.touch();
      this.#tick();
    }, this.#everyMs);
  }
}

/** The older half loses every second sample: recent ones are close together, old ones far apart. */
function thinned(samples: readonly Taken[]): Taken[] {
  const half = samples.length >> 1;
  return samples.filter((_sample, index) => index >= half || index % 2 === 0);
}

function span(samples: readonly MemorySample[], key: "heapUsedBytes" | "rssBytes"): MemoryWindow["rssBytes"] {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return null;
  let min = first[key];
  let max = min;
  for (const { [key]: value } of samples) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { first: first[key], last: last[key], min, max };
}
