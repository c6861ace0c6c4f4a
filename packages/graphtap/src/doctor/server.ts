import { resolve } from "node:path";
import { type Check, finding, note, ok } from "./check.js";

/** A graph that langgraph.json exports. */
export interface ServedGraph {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  readonly export: string;
}

/** What langgraph.json says, as far as it concerns us. */
export interface ServerConfig {
  readonly graphs: readonly ServedGraph[];
  /** Absolute path of the auth handler; null where none is named. */
  readonly auth: string | null;
  /** What is wrong with the file itself. */
  readonly problems: readonly string[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `./src/agent.ts:graph`. The server splits at the first colon. */
function place(text: unknown, folder: string): { readonly path: string; readonly export: string } | null {
  const [file, name] = typeof text === "string" ? text.split(":", 2) : [];
  return file === undefined || file === ""
    ? null
    : { path: resolve(folder, file), export: name === undefined || name === "" ? "default" : name };
}

/** Reads the text of a langgraph.json in `folder`. */
export function readServerConfig(text: string, folder: string): ServerConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { graphs: [], auth: null, problems: [`it is no JSON: ${(error as Error).message}`] };
  }
  if (!isRecord(parsed)) return { graphs: [], auth: null, problems: ["it holds no object"] };
  const problems: string[] = [];
  const graphs: ServedGraph[] = [];
  const listed = parsed["graphs"];
  if (!isRecord(listed) || Object.keys(listed).length === 0) problems.push('"graphs" names no graph');
  for (const [id, entry] of Object.entries(isRecord(listed) ? listed : {})) {
    const at = place(isRecord(entry) ? entry["path"] : entry, folder);
    if (at === null) problems.push(`graph "${id}" has no path of the form ./src/agent.ts:graph`);
    else graphs.push({ id, ...at });
  }
  const auth = isRecord(parsed["auth"]) ? parsed["auth"]["path"] : undefined;
  return { graphs, auth: place(auth, folder)?.path ?? null, problems };
}

/** What the stack says of who calls. */
export interface Callers {
  /** It takes identities from the server. */
  readonly resolved: boolean;
  /** Plugins that refuse a run without identity. */
  readonly guards: readonly string[];
}

/** Whether a server would serve what the stack guards. `callers` is null where there is no stack to ask. */
export function checkServer(
  config: ServerConfig,
  exists: (path: string) => boolean,
  callers: Callers | null,
): readonly Check[] {
  const checks: Check[] = [];
  const wrong = (text: string): void =>
    void checks.push(finding("server", "SERVER_CONFIG_INVALID", `langgraph.json: ${text}`));
  for (const problem of config.problems) wrong(problem);
  for (const { id, path } of config.graphs)
    if (!exists(path)) wrong(`graph "${id}" is in ${path}, which does not exist`);
  if (config.auth !== null) {
    if (exists(config.auth)) checks.push(ok("server", "langgraph.json names an auth handler"));
    else wrong(`auth.path is ${config.auth}, which does not exist`);
    return checks;
  }
  const fix =
    '"auth": { "path": "./src/auth.ts:auth" } in langgraph.json, and identity: fromLangGraphServer() in createStack().';
  if (callers !== null && callers.resolved)
    // It would not have started otherwise.
    checks.push(ok("server", "langgraph.json names no auth handler; the stack was told in code who verifies callers"));
  else if (callers !== null && callers.guards.length > 0)
    checks.push(
      finding(
        "server",
        "SERVER_CONFIG_INVALID",
        `langgraph.json: without "auth" nobody is known, so ${callers.guards.join(", ")} will refuse every run on a server`,
        fix,
      ),
    );
  else
    checks.push(
      note("server", "SERVER_CONFIG_INVALID", 'langgraph.json has no "auth": a server lets anybody call', fix),
    );
  return checks;
}
