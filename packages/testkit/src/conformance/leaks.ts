import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** Things that live until somebody ends them. What is not named here ends by itself or belongs to one of these. */
const LASTING = new Set([
  "Timeout",
  "TCPWRAP",
  "TCPSERVERWRAP",
  "PIPEWRAP",
  "PIPESERVERWRAP",
  "UDPWRAP",
  "PROCESSWRAP",
  "WORKER",
  "MESSAGEPORT",
  "FSEVENTWRAP",
  "STATWATCHER",
  "FILEHANDLE",
  "SIGNALWRAP",
  "TTYWRAP",
  "HTTPSERVER",
]);

interface Resource {
  readonly type: string;
  readonly place: string;
}

/** First line of a stack that is neither Node's nor this kit's. */
function placeOf(stack: string | undefined): string {
  const lines = (stack ?? "")
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
  return (
    lines.find((line) => !line.includes("node:") && !line.includes("conformance/leaks")) ?? lines[0] ?? "unknown place"
  );
}

function processListeners(): Map<string, number> {
  return new Map(
    process.eventNames().map((name) => [`process.on(${JSON.stringify(String(name))})`, process.listenerCount(name)]),
  );
}

const INSIDE = new AsyncLocalStorage<object>();

/** Some handles close a moment after they were told to. */
const PATIENCE_MS = 500;

/**
 * Runs `work` and gives what it started and did not end, itself or through anything it called: timers (unref'd ones too),
 * sockets, servers, files, workers, listeners on `process`. Other work of the process does not count.
 */
export async function leaksOf(work: () => Promise<void>): Promise<readonly string[]> {
  const open = new Map<number, Resource>();
  const mark = {};
  const hook = createHook({
    init(id, type) {
      if (LASTING.has(type) && INSIDE.getStore() === mark)
        open.set(id, { type, place: placeOf(new Error("here").stack) });
    },
    destroy(id) {
      open.delete(id);
    },
  });
  const before = processListeners();
  hook.enable();
  try {
    await INSIDE.run(mark, work);
    // This wait is outside of the mark, so its own timer is not among what is looked for.
    for (const until = Date.now() + PATIENCE_MS; open.size > 0 && Date.now() < until;) await sleep(10);
  } finally {
    hook.disable();
  }
  const listeners = [...processListeners()]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name]) => name);
  return [...[...open.values()].map(({ type, place }) => `${type} ${place}`), ...listeners];
}

/** What `found` has beyond `baseline`, counted by kind and place. */
export function beyond(found: readonly string[], baseline: readonly string[]): readonly string[] {
  const spare = new Map<string, number>();
  for (const item of baseline) spare.set(item, (spare.get(item) ?? 0) + 1);
  return found.filter((item) => {
    const left = spare.get(item) ?? 0;
    if (left > 0) spare.set(item, left - 1);
    return left === 0;
  });
}
