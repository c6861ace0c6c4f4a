type Version = readonly [major: number, minor: number, patch: number, pre: boolean];

/** Null for what is no version. */
export function parseVersion(text: string): Version | null {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+.*)?$/.exec(text.trim());
  if (match === null) return null;
  const [, major = "", minor = "0", patch = "0", pre] = match;
  return [Number(major), Number(minor), Number(patch), pre !== undefined];
}

/** A pre-release comes before its release; two of one release are taken as equal. */
function compare(a: Version, b: Version): number {
  for (const i of [0, 1, 2] as const) if (a[i] !== b[i]) return a[i] - b[i];
  return Number(b[3]) - Number(a[3]);
}

/**
 * Whether a version is in a range of the form `>=1.0.0 <2`: comparators that all hold, as our own ranges are written.
 * Pre-releases of the upper bound are outside of it, as they already hold what comes with it.
 */
export function satisfies(version: string, range: string): boolean {
  const found = parseVersion(version);
  if (found === null) return false;
  return range.split(/\s+/).every((part) => {
    const [, operator = "", bound = ""] = /^(>=|<)(.+)$/.exec(part) ?? [];
    const limit = parseVersion(bound);
    if (limit === null) throw new TypeError(`"${part}" is no comparator of the form >=1.2.3 or <2`);
    if (operator === ">=") return compare(found, limit) >= 0;
    return compare([found[0], found[1], found[2], false], limit) < 0;
  });
}
