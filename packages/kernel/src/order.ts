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
    if (next === -1) return { ok: false, ring: ringAmong(followers, placed) };
    placed[next] = true;
    order.push(next);
    for (const follower of followers[next]!) unmet[follower]!--;
  }
  return { ok: true, order };
}

/** A ring among what could not be placed, first item repeated at the end. */
function ringAmong(followers: readonly (readonly number[])[], placed: readonly boolean[]): readonly number[] {
  const trail: number[] = [];
  const onTrail = new Set<number>();
  const cleared = new Set<number>();
  const visit = (item: number): readonly number[] | null => {
    if (onTrail.has(item)) return [...trail.slice(trail.indexOf(item)), item];
    if (cleared.has(item) || placed[item]) return null;
    trail.push(item);
    onTrail.add(item);
    for (const follower of followers[item]!) {
      const ring = visit(follower);
      if (ring !== null) return ring;
    }
    onTrail.delete(item);
    trail.pop();
    cleared.add(item);
    return null;
  };
  for (let item = 0; item < followers.length; item++) {
    const ring = visit(item);
    if (ring !== null) return ring;
  }
  return [];
}
