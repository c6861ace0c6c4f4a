const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** The known name that somebody probably meant; null when none is close. */
export function nearest(name: string, known: readonly string[]): string | null {
  const wanted = plain(name);
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (best === null || distance < best.distance) best = { name: candidate, distance };
  }
  // Half of a word may differ, or three letters of a long one: more would be a guess.
  return best !== null && best.distance <= Math.min(3, Math.floor(wanted.length / 2)) ? best.name : null;
}

/** Letters to insert, delete or change to get from one word to the other. Longer words than any option are cut. */
function editDistance(a: string, b: string): number {
  const from = a.slice(0, 64);
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (from[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
