const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Which of the two words holds sign, exponent and the top of the fraction depends on the machine. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
/** Drops all but 5 bits of the fraction: 32 buckets per octave. */
const SHIFT = 15;

function bucketOf(value: number): number {
  float[0] = value;
  return (words[HIGH] as number) >>> SHIFT;
}

function lowerEdge(bucket: number): number {
  words[1 - HIGH] = 0;
  words[HIGH] = bucket << SHIFT;
  return float[0] as number;
}

/**
 * Numbers of zero or more, durations above all, in buckets of a fixed layout: any two histograms merge without loss.
 * A quantile is off by at most 1/64 (1.6 %) of its value; the smallest and the largest value are exact. Memory is one
 * count per bucket met: 32 for each doubling.
 *
 * @example
 * const took = new Histogram();
 * for (const ms of [12, 15, 900]) took.record(ms);
 * took.quantile(0.5); // 15, within 1.6 %
 */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
  }

  /** Records a value of zero or more; anything else is ignored and answered with `false`. */
  record(given: number): boolean {
    if (!(given >= 0) || !Number.isFinite(given)) return false;
    // Turns -0, whose sign bit would put it above everything, into 0.
    const value = given + 0;
    this.#add(bucketOf(value), 1);
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    return true;
  }

  /** Adds what another one recorded. */
  merge(other: Histogram): void {
    for (const [bucket, count] of other.#counts) this.#add(bucket, count);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** How many values were at most `value`; exact up to what shares its bucket. */
  countUpTo(value: number): number {
    if (value >= this.#max) return this.#count;
    if (!(value >= this.#min)) return 0;
    const last = bucketOf(value);
    let count = 0;
    for (const [bucket, many] of this.#counts) if (bucket <= last) count += many;
    return count;
  }

  /** The value at `q` (0 to 1) by nearest rank; null when nothing was recorded. */
  quantile(q: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    if (rank === 1) return this.#min;
    if (rank >= this.#count) return this.#max;
    let seen = 0;
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen < rank) continue;
      // The first bucket holds 0 and what cannot be told from it.
      if (bucket === 0) return this.#min;
      const middle = (lowerEdge(bucket) + lowerEdge(bucket + 1)) / 2;
      return Math.min(this.#max, Math.max(this.#min, middle));
    }
    return this.#max;
  }

  #add(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += count;
  }
}
