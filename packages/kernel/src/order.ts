/** `before` must come before `after`; both are indices into the list. */
export interface Constraint {
  readonly before: number;
  readonly after: number;
}

export type Ordering =
  | { readonly ok: true; readonly order: readonly number[] }
  | { readonly ok: false; readonly ring: readonly number[] };

/**
 * Topological order of `size` items; where the constraints leave a choice, list order decides. So a list that already
 * satisfies them comes out as it went in.
 */
export function topological(size: number, constraints: readonly Constraint[]): Ordering {
  const followers: number[][] = Array.from({ length: size }, () => []);
  const unmet = new Array<number>(size).fill(0);
  for (const { before, after } of constraints) {
    followers[before]!.push(after);
    unmet[after]!++;
  }
  const order: number[] = [];
  const placed = new Array<boolean>(size).fill(false);
  while (order.length < size) {
    const next = unmet.findIndex((count, index) => count === 0 && !placed[index]);
    if (next === -1) return { ok: false, ring: ringAmong(constraints, placed) };
    placed[next] = true;
    order.push(next);
    for (const follower of followers[next]!) unmet[follower]!--;
  }
  return { ok: true, order };
}

/** A ring among what could not be placed, first item repeated at the end. Each waits for another one of them, so going back ends in one. */
function ringAmong(constraints: readonly Constraint[], placed: readonly boolean[]): readonly number[] {
  const trail: number[] = [];
  let item = placed.indexOf(false);
  while (!trail.includes(item)) {
    trail.push(item);
    item = constraints.find(({ before, after }) => after === item && !placed[before])!.before;
  }
  return [item, ...trail.slice(trail.indexOf(item)).toReversed()];
}

/** Who is installed: an instance answers to its id and to its plugin's name. */
export interface Installed {
  readonly id: string;
  readonly name: string;
}

/** The ids that names of plugins stand for; throws what `unknown` makes of a name nobody answers to, but for `"name?"`. */
export function meant(
  names: readonly string[],
  installed: readonly Installed[],
  unknown: (name: string, known: readonly string[]) => Error,
): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const written of names) {
    const wanted = written.replace(/\?$/, "");
    const found = installed.filter(({ id, name }) => id === wanted || name === wanted);
    if (found.length === 0 && wanted === written)
      throw unknown(
        wanted,
        installed.map(({ id }) => id),
      );
    for (const { id } of found) ids.add(id);
  }
  return ids;
}
