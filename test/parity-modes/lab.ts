import { Command, MemorySaver } from "@langchain/langgraph";
import { createStack, type PluginInput, type Stack } from "@graphtap/langgraph";
import { type FakeClock, fakeClock, recordHooks, type HookRecorder } from "@graphtap/testkit";
import { modelGuard, outputGuard, policy } from "./guards.js";
import { inputOf, type Outcome } from "./outcomes.js";
import { type Line, lineOf, type Model } from "./record.js";
import { type Built, buildWorkflow, type Input } from "./workflow.js";

/** A promise and the function that resolves it. */
function latch(): { readonly open: Promise<void>; release(): void } {
  let release = (): void => {};
  const open = new Promise<void>((resolve) => (release = resolve));
  return { open, release };
}

export type Config = Record<string, unknown> & { configurable?: Record<string, unknown> };

/** What the drivers need of a graph, whatever its state. */
export interface Driven {
  invoke(input: unknown, config?: Config): Promise<unknown>;
  stream(input: unknown, config?: Config): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, config: Config): any;
  batch(inputs: unknown[], config?: Config | Config[], options?: object): Promise<unknown[]>;
  withConfig(config: Config): Driven;
  [key: string]: any;
}

/** A stack with a recorder, the workflow of the matrix, and what makes one outcome happen. */
export interface Lab {
  readonly stack: Stack;
  readonly outcome: Outcome;
  readonly built: Built;
  readonly saver: MemorySaver;
  readonly clock: FakeClock;
  /** The workflow, wrapped. */
  readonly graph: Driven;
  /** Compiled anew with these options and wrapped, or left bare. */
  compile(options?: { readonly checkpointer?: unknown; readonly wrapped?: boolean; readonly name?: string }): Driven;
  input(asks?: boolean): Input;
  /** Identity, thread and signal of the outcome; a run that only prepares it has alice's and no signal. */
  config(options?: { readonly thread?: string; readonly preparing?: boolean }): Config;
  /** Reads chunks to their end, or leaves where the outcome does. */
  read(chunks: AsyncIterable<unknown>): Promise<unknown[]>;
  /** Resolves when the code inside has come to the point. */
  readonly point: Promise<void>;
  lines(): readonly Line[];
  /** Forgets what was recorded so far. */
  forget(): void;
  /** Lets go of what waits inside, waits for the ends and gives what is still held by a run. */
  settle(): Promise<Left>;
}

/** @param ungated what happens to a closed-over model where a plugin of `extra` controls models; default: it is denied. */
export async function createLab(
  outcome: Outcome,
  model: Model,
  extra: readonly PluginInput[] = [],
  ungated: "deny" | "report" = "deny",
): Promise<Lab> {
  const clock = fakeClock();
  const guards = outcome.guards === "model" ? [modelGuard()] : outcome.guards === "output" ? [outputGuard()] : [];
  // A run that is denied its resume is somebody else's: whose the thread is would refuse it first.
  const threads = "open";
  const stack = createStack({ name: "parity", clock, ungated, threads, plugins: [policy(), ...guards, ...extra] });
  const seen: HookRecorder = recordHooks(stack);
  await seen.ready;
  const point = latch();
  const release = latch();
  const gone = new AbortController();
  const built = buildWorkflow({
    signals: { reached: point.release, released: release.open },
    ...(model === "governed" ? { throughModel: (raw) => stack.wrapModel(raw) } : {}),
  });
  const saver = new MemorySaver();
  const compile: Lab["compile"] = ({ checkpointer = saver, wrapped = true, name = "parity" } = {}) => {
    const compiled = built.builder.compile({ checkpointer: checkpointer as MemorySaver, name });
    return (wrapped ? stack.wrap(compiled) : compiled) as unknown as Driven;
  };
  const lines = (): readonly Line[] => seen.events().map(({ hook, value, context }) => lineOf(hook, value, context));
  // What `config.timeout` makes of itself, but at the point where it strikes the same code whatever the machine's load.
  const reason =
    outcome.driver === "abort"
      ? new DOMException("the caller went away", "AbortError")
      : new DOMException("it took too long", "TimeoutError");
  if (outcome.driver === "abort" || outcome.driver === "time out")
    void point.open.then(() => setImmediate(() => gone.abort(reason)));
  return {
    stack,
    outcome,
    built,
    saver,
    clock,
    compile,
    graph: compile(),
    point: point.open,
    input: (asks) => inputOf(outcome, asks),
    config({ thread = "thread-1", preparing = false } = {}) {
      const config = { configurable: { thread_id: thread }, ...(preparing ? {} : { signal: gone.signal }) };
      const user = preparing ? "alice" : outcome.user;
      return user === null ? config : (stack.as({ userId: user ?? "alice" }, config) as unknown as Config);
    },
    async read(chunks) {
      const read: unknown[] = [];
      for await (const chunk of chunks) {
        read.push(chunk);
        if (outcome.driver !== "leave") continue;
        await point.open;
        break;
      }
      return read;
    },
    lines,
    forget: () => seen.clear(),
    async settle() {
      // What waits inside is let go only when the run is over, so that its end is a late one.
      await until(
        () =>
          lines().filter(({ hook }) => hook === "run.start").length ===
          lines().filter(({ hook }) => hook === "run.end").length,
      );
      release.release();
      await until(() => Object.values(leftOf(stack, lines())).every((count) => count === 0));
      return leftOf(stack, lines());
    },
  };
}

/** Far more turns than the end of a run takes; a run that is still held after them is held for good. */
const TURNS = 200;

/** What a run that is not over holds. */
export interface Left {
  /** Tables of taps that a run has pinned. */
  readonly heldEpochs: number;
  /** Hook calls that are waited for. */
  readonly pending: number;
  /** Starts without an end. */
  readonly open: number;
}

const starts = (lines: readonly Line[]): number => lines.filter(({ hook }) => hook.endsWith(".start")).length;
const ends = (lines: readonly Line[]): number => lines.filter(({ hook }) => hook.endsWith(".end")).length;

function leftOf(stack: Stack, lines: readonly Line[]): Left {
  const { heldEpochs, pending } = stack.inspect();
  return { heldEpochs, pending: pending.length, open: starts(lines) - ends(lines) };
}

/** Lets everything that is ready run, until something holds or it has been long enough. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS && !holds(); turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Goes on with a run that waits at its gate. */
export const resumeWith = (): Command => new Command({ resume: "yes" });
