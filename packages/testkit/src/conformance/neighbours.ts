import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { definePlugin, type PluginInput } from "@graphtap/kernel";
import { allHooks, type Stack } from "@graphtap/langgraph";
import { grantAll } from "../record/grant-all.js";
import { tapped } from "../record/record-hooks.js";

/** A plugin that the one under test has to get along with. */
export interface Neighbour {
  readonly make: () => PluginInput;
  /** Runs before the first run beside it. */
  readonly prepare?: (stack: Stack, userId: string) => Promise<void>;
}

const OBSERVING = new Set(["series", "sync", "collect"]);
const silent = (): void => undefined;

const watcher = definePlugin({
  name: "kit-watcher",
  version: "0.0.0",
  identity: "none",
  setup(api) {
    for (const def of allHooks) if (OBSERVING.has(def.kind)) tapped(api, def, silent);
  },
});

/** Its taps turn on what a stack does only for control plugins: a plugin may rely on that being off without knowing. */
const passer = definePlugin({
  name: "kit-passer",
  version: "0.0.0",
  identity: "none",
  setup(api) {
    for (const def of allHooks) if (!OBSERVING.has(def.kind)) tapped(api, def, silent);
  },
});

function find(name: string, from: string): string | null {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return null;
  }
}

const FIRST_PARTY = ["metrics", "security"] as const;

/** From the author's project, because this package depends on no plugin. Null where it is not installed. */
async function installed(name: string): Promise<(() => PluginInput) | null> {
  const project = join(process.cwd(), "package.json");
  // Who installs the umbrella has them below it, where a strict package manager hides them from the project.
  const file = find(`@graphtap/${name}`, project) ?? find(`@graphtap/${name}`, find("graphtap", project) ?? project);
  if (file === null) return null;
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
  const factory = module[name];
  return typeof factory === "function" ? (factory as () => PluginInput) : null;
}

/** Two of the kit's own, and the first-party plugins that the author's project has installed. */
export async function usualNeighbours(): Promise<readonly Neighbour[]> {
  const neighbours: Neighbour[] = [{ make: () => watcher() }, { make: () => passer() }];
  for (const name of FIRST_PARTY) {
    const make = await installed(name);
    if (make === null) continue;
    neighbours.push(name === "security" ? { make, prepare: (stack, userId) => grantAll(stack, userId) } : { make });
  }
  return neighbours;
}
