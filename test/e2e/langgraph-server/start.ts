import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Events, readEvents } from "./events.js";

/** A `langgraphjs dev` of its own, on a free port, with the events that its stacks saw. */
export interface DevServer extends Events {
  readonly url: string;
  /** Lets go of what waits inside the conversation's runs. */
  release(thread: string): void;
  /** What the server printed. */
  output(): string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const cli = join(
  dirname(createRequire(import.meta.url).resolve("@langchain/langgraph-cli/package.json")),
  "dist/cli/cli.mjs",
);

/** Starts the server of a project folder and waits until it answers. */
export async function startServer(folder: string): Promise<DevServer> {
  const temporary = mkdtempSync(join(tmpdir(), "graphtap-server-"));
  const file = join(temporary, "events.jsonl");
  const events = readEvents(file);
  const forget = (): void => rmSync(join(folder, ".langgraph_api"), { recursive: true, force: true });
  forget();
  const port = await freePort();
  let printed = "";
  const child: ChildProcess = spawn(
    process.execPath,
    [
      cli,
      "dev",
      "--no-browser",
      "--no-reload",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--n-jobs-per-worker",
      "20",
    ],
    {
      cwd: folder,
      // The command starts a child of its own: they are ended as a group.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        NODE_OPTIONS: "--conditions=@graphtap/source",
        NODE_ENV: "development",
        GRAPHTAP_TEST_EVENTS: file,
        LANGGRAPH_SCHEMA_RESOLVE_TIMEOUT_MS: "120000",
        LANGGRAPH_CLI_NO_ANALYTICS: "1",
        LANGSMITH_TRACING: "false",
        BROWSER: "none",
      },
    },
  );
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (printed += data.toString()));
  const { pid } = child;
  // Also when the tests are broken off: it is nobody's child.
  const end = (): void => {
    if (pid !== undefined && !gone()) process.kill(-pid, "SIGKILL");
  };
  process.once("exit", end);
  const gone = (): boolean => {
    try {
      process.kill(-(pid ?? 0), 0);
      return false;
    } catch {
      return true;
    }
  };
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (pid === undefined || gone()) break;
      process.kill(-pid, signal);
      for (let turn = 0; turn < 50 && !gone(); turn++) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    forget();
    rmSync(temporary, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (let turn = 0; ; turn++) {
    // With an auth handler even this needs a token: any answer will do.
    const answers = await fetch(`${url}/ok`).then(
      () => true,
      () => false,
    );
    if (answers) break;
    if (child.exitCode !== null || turn === 600) {
      await stop();
      throw new Error(`the server did not start:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return {
    ...events,
    url,
    release: (thread) => writeFileSync(`${file}.release.${thread}`, ""),
    output: () => printed,
    stop,
  };
}
