/** What somebody thought of a run. */
export interface Rating {
  /** One rating per rater and run; a second one replaces the first. */
  readonly rater: string;
  /** 0 to 1. */
  readonly score: number;
  readonly tags: readonly string[];
  readonly comment: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Ratings kept per run; more are refused. */
const MOST_RATINGS = 100;

/** From this score on somebody was satisfied. */
const SATISFIED = 0.5;

/** Adds a rating, or replaces that of the same rater. False when there is no room. */
export function put(ratings: Rating[], rating: Rating): boolean {
  const known = ratings.findIndex(({ rater }) => rater === rating.rater);
  if (known >= 0) ratings[known] = rating;
  else if (ratings.length >= MOST_RATINGS) return false;
  else ratings.push(rating);
  return true;
}

export function meanOf(ratings: readonly Rating[]): number | null {
  return ratings.length === 0 ? null : ratings.reduce((sum, { score }) => sum + score, 0) / ratings.length;
}

/** What ratings of many runs say together. */
export interface Satisfaction {
  /** Of all runs: those inside others, and those under way, too. */
  readonly ratings: number;
  /** 0 to 1; null without ratings. */
  readonly mean: number | null;
  /** Share of ratings of 0.5 or more; null without ratings. */
  readonly satisfiedRate: number | null;
  /** Between these the true share lies with 95 % confidence (Wilson's interval); null without ratings. */
  readonly satisfiedRange: readonly [number, number] | null;
  /** Share of ended runs that anybody rated, them or a run inside; null without runs. */
  readonly responseRate: number | null;
}

interface Rated {
  readonly rootId: string;
  readonly ratings: readonly Rating[] | null;
}

/** Adds up ratings, of whichever runs they are: health and satisfaction must not tell two stories. */
export class Ratings {
  count = 0;
  satisfied = 0;
  #sum = 0;
  readonly #rated = new Set<string>();
  readonly #ended: string[] = [];

  add({ rootId, ratings }: Rated): void {
    if (ratings === null || ratings.length === 0) return;
    this.#rated.add(rootId);
    for (const { score } of ratings) {
      this.count++;
      this.#sum += score;
      if (score >= SATISFIED) this.satisfied++;
    }
  }

  /** An outermost run has ended: one of those that could have been rated. */
  ended(rootId: string): void {
    this.#ended.push(rootId);
  }

  satisfaction(): Satisfaction {
    const { count, satisfied } = this;
    const none = count === 0;
    const runs = this.#ended.length;
    return {
      ratings: count,
      mean: none ? null : this.#sum / count,
      satisfiedRate: none ? null : satisfied / count,
      satisfiedRange: none ? null : wilson(satisfied, count),
      responseRate: runs === 0 ? null : this.#ended.filter((id) => this.#rated.has(id)).length / runs,
    };
  }
}

/** 97.5th percentile of the normal distribution. */
const Z = 1.959964;

function wilson(good: number, n: number): readonly [number, number] {
  const share = good / n;
  const centre = share + (Z * Z) / (2 * n);
  const spread = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}
