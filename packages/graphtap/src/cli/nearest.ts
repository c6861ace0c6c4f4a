/** Pairs of neighbouring letters, with the ends marked, each as often as it occurs. */
function pairsOf(text: string): Map<string, number> {
  const word = `^${text.toLowerCase().replaceAll(/[^a-z0-9]/g, "")}$`;
  const pairs = new Map<string, number>();
  for (let i = 0; i < word.length - 1; i++) pairs.set(word.slice(i, i + 2), (pairs.get(word.slice(i, i + 2)) ?? 0) + 1);
  return pairs;
}

const sizeOf = (pairs: ReadonlyMap<string, number>): number =>
  [...pairs.values()].reduce((sum, count) => sum + count, 0);

/** How alike two words are, from 0 to 1: the share of letter pairs that they have in common, wherever these stand. */
export function likeness(a: string, b: string): number {
  const [left, right] = [pairsOf(a), pairsOf(b)];
  let common = 0;
  for (const [pair, count] of left) common += Math.min(count, right.get(pair) ?? 0);
  return (2 * common) / (sizeOf(left) + sizeOf(right));
}

/** Below this the two words have little more in common than an ending. */
const ALIKE = 0.5;

/** The known word that somebody probably meant; null where none is like it. Long codes share parts, in any order. */
export function nearest(name: string, known: Iterable<string>): string | null {
  let best: { readonly word: string; readonly score: number } | null = null;
  for (const word of known) {
    const score = likeness(name.slice(0, 200), word);
    if (score >= ALIKE && (best === null || score > best.score)) best = { word, score };
  }
  return best?.word ?? null;
}
