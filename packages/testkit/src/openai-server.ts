/**
 * The server as a process of its own, for benchmarks and for clients that are not JavaScript:
 *
 *   node node_modules/@graphtap/testkit/dist/openai-server.js --port 4010 --script ./script.mjs
 *
 * `--script` names a module whose default export is a script. The first line written is `{"url": ..., "port": ...}`. Ends
 * on SIGTERM, on SIGINT, and when the process that forked it goes away.
 */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { openAIServer } from "./openai/server.js";
import type { ServerScript } from "./openai/types.js";

export { openAIServer } from "./openai/server.js";
export type {
  OpenAIRequest,
  OpenAIServer,
  OpenAIServerOptions,
  Outcome,
  RecordedRequest,
  ServerScript,
  ServerStep,
  StatusStep,
} from "./openai/types.js";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" }, script: { type: "string" } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port`);
  const loaded =
    values.script === undefined
      ? {}
      : ((await import(pathToFileURL(resolve(values.script)).href)) as { default?: ServerScript });
  if (values.script !== undefined && loaded.default === undefined)
    throw new Error(`${values.script} has no default export`);
  const server = await openAIServer({ port, ...(loaded.default === undefined ? {} : { script: loaded.default }) });
  console.log(JSON.stringify({ url: server.url, port: server.port }));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
  process.once("disconnect", () => void server.close());
}

// A package manager may have started it through a link.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
