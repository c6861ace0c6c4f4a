import { type Clock, GraphTapError } from "@graphtap/kernel";
import { disposeTool, type LoadedTool, type ToolDeclaration, type ToolFactory, toolIn } from "./tool-source.js";

/** What is loaded, and how. */
export interface ToolSource {
  readonly name: string;
  readonly factory: ToolFactory;
  readonly declaration: ToolDeclaration;
}

/** A timer that is set for longer fires at once. */
const LONGEST_PAUSE_MS = 2_147_483_647;

/** How often and how long it is tried. */
export interface LoadPolicy {
  readonly retries: number;
  /** Milliseconds before the first retry; doubled for each further one. */
  readonly backoffMs: number;
  /** Milliseconds of one attempt. */
  readonly loadTimeoutMs: number;
  readonly clock: Clock;
}

/** Loads a tool; a tool that is not what was declared will not be another one next time, so that is not retried. */
export async function loadTool(
  source: ToolSource,
  policy: LoadPolicy,
  stop: AbortSignal,
  onAttempt: (number: number) => void,
): Promise<LoadedTool> {
  for (let number = 1; ; number++) {
    onAttempt(number);
    try {
      return toolIn(source.name, await attempt(source, policy, stop), source.declaration);
    } catch (error) {
      if (GraphTapError.isInstance(error) || stop.aborted || number > policy.retries) throw error;
      await pause(Math.min(LONGEST_PAUSE_MS, policy.backoffMs * 2 ** (number - 1)), policy.clock, stop);
    }
  }
}

/** One attempt, bounded in time: what arrives later is disposed of. */
function attempt(source: ToolSource, { loadTimeoutMs, clock }: LoadPolicy, stop: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = clock.setTimeout(() => {
      over = true;
      reject(new Error(`it took longer than ${loadTimeoutMs} ms (loadTimeoutMs)`));
    }, loadTimeoutMs);
    (async () => source.factory(source.name, stop))().then(
      (given) => {
        clock.clearTimeout(timer);
        if (!over) resolve(given);
        else if (typeof given === "object" && given !== null)
          disposeTool(given, source.declaration).catch(() => undefined);
      },
      (error: unknown) => {
        clock.clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

function pause(ms: number, clock: Clock, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clock.clearTimeout(timer);
      reject(stop.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      stop.removeEventListener("abort", leave);
      resolve();
    }, ms);
    stop.addEventListener("abort", leave, { once: true });
  });
}
