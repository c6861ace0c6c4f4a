import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** An installed package. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  /** Absolute, with links followed. */
  readonly folder: string;
}

/** One copy of a package, and the shortest way to it. */
export interface Copy extends Installed {
  /** Names of the packages that lead to it, from the project's own dependency on. */
  readonly via: readonly string[];
}

/** What {@link findCopies} found. */
export interface Copies {
  readonly copies: readonly Copy[];
  /** Packages looked at. */
  readonly visited: number;
  /** False: there were more packages than the limit, so there may be more copies. */
  readonly complete: boolean;
}

type Manifest = Readonly<Record<string, unknown>>;

/** More than any project was seen to have; a bound all the same. */
const LIMIT = 20_000;
const FIELDS = ["dependencies", "peerDependencies", "optionalDependencies"];

function manifestOf(folder: string): Manifest | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof parsed === "object" && parsed !== null ? (parsed as Manifest) : null;
  } catch {
    // Not there, not readable or no JSON: for a search all of these are "no package here".
    return null;
  }
}

/** The package that code in a folder gets for a name, found as Node finds it; `exports` cannot hide it. */
export function findInstalled(name: string, folder: string): Installed | null {
  for (let at = folder; ; at = dirname(at)) {
    const place = join(at, "node_modules", name);
    const manifest = manifestOf(place);
    if (manifest !== null)
      return {
        name: text(manifest["name"], name),
        version: text(manifest["version"], "unknown"),
        folder: realpathSync(place),
      };
    if (dirname(at) === at) return null;
  }
}

/** The nearest folder with a package.json at or above one; the folder itself where there is none. */
export function projectOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (manifestOf(at) !== null) return at;
    if (dirname(at) === at) return folder;
  }
}

/** Every copy of some packages that the project's dependencies lead to, nearest first. Follows what is declared, breadth first. */
export function findCopies(wanted: readonly string[], project: string, limit = LIMIT): Copies {
  const copies: Copy[] = [];
  const seen = new Set<string>();
  let level: { readonly folder: string; readonly via: readonly string[]; readonly fields: readonly string[] }[] = [
    { folder: project, via: [], fields: [...FIELDS, "devDependencies"] },
  ];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { folder, via, fields } of level) {
      for (const name of dependenciesOf(manifestOf(folder) ?? {}, fields)) {
        const found = findInstalled(name, folder);
        if (found === null || seen.has(found.folder)) continue;
        if (seen.size >= limit) return { copies, visited: seen.size, complete: false };
        seen.add(found.folder);
        const way = [...via, found.name];
        if (wanted.includes(found.name)) copies.push({ ...found, via: way });
        next.push({ folder: found.folder, via: way, fields: FIELDS });
      }
    }
    level = next;
  }
  return { copies, visited: seen.size, complete: true };
}

const text = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

function dependenciesOf(manifest: Manifest, fields: readonly string[]): readonly string[] {
  const names = fields.flatMap((field) => {
    const listed = manifest[field];
    return typeof listed === "object" && listed !== null ? Object.keys(listed) : [];
  });
  return [...new Set(names)];
}
