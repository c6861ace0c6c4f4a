import type { Example } from "../gallery/index.js";
import type { Mode, Recording } from "./record.js";
import { normalise } from "./normalise.js";

interface Told {
  readonly seen?: readonly unknown[];
  readonly text?: string;
  readonly told?: Told;
  readonly output?: unknown;
  readonly thrown?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const failed = (value: unknown): boolean => isObject(value) && "thrown" in value;

/**
 * What a failing run says last races its error inside LangGraph, which throws away what its reader has not taken by
 * then: how much gets through is a matter of turns. Whoever has to be waited for adds turns before the error, so more may
 * get through, never less: what came after the end of the unwrapped run's stream is left out of the comparison.
 */
function cut(turn: unknown, like: unknown): unknown {
  const a = turn as Told;
  const b = like as Told;
  if (!isObject(turn) || !isObject(like)) return turn;
  if (failed(a.output) && failed(b.output)) return { ...turn, told: cutEvents(a.told ?? {}, b.told ?? {}) };
  if (a.text !== undefined && b.text !== undefined) return { ...turn, text: cutText(a.text, b.text) };
  if (!failed(turn) || !failed(like) || a.seen === undefined || b.seen === undefined) return turn;
  return { ...turn, seen: a.seen.slice(0, b.seen.length) };
}

/** The same for server-sent events, of which the last says that the run failed. */
function cutText(text: string, like: string): string {
  const at = like.indexOf("event: error\n");
  const end = text.indexOf("event: error\n");
  return at < 0 || end < at ? text : text.slice(0, at) + text.slice(end);
}

/** The same for protocol events, which are numbered and end with one that says that the run failed. */
function cutEvents(told: Told, like: Told): Told {
  const [seen, length] = [told.seen ?? [], like.seen?.length ?? 0];
  const last = seen.at(-1);
  const { seq } = (like.seen?.at(-1) ?? {}) as { seq?: number };
  return seen.length <= length || !isObject(last)
    ? told
    : { ...told, seen: [...seen.slice(0, length - 1), { ...last, seq }] };
}

/**
 * The chunks of the root are told by whoever reads its stream, everything else by the code that runs: two queues. Where
 * a task's chunk and the next step of the same function are both ready, a turn that was waited decides which is told first.
 */
function apart(turn: unknown): unknown {
  const { seen } = turn as Told;
  if (seen === undefined) return turn;
  const root = (seen[0] as { run_id?: string } | undefined)?.run_id;
  const isChunk = (event: unknown): boolean =>
    isObject(event) && event["event"] === "on_chain_stream" && event["run_id"] === root;
  return { ...(turn as object), seen: seen.filter((event) => !isChunk(event)), chunks: seen.filter(isChunk) };
}

/** Two recordings as texts that are equal when the runs were. `exact`: nobody had to be waited for, so nothing is forgiven. */
export function texts(
  one: Example,
  mode: Mode,
  plain: Recording,
  wrapped: Recording,
  exact: boolean,
): { readonly expected: string; readonly actual: string } {
  let [expected, actual] = [plain.turns, wrapped.turns];
  if (!exact) {
    actual = actual.map((turn, i) => cut(turn, expected[i]));
    if (one.tags.includes("entrypoint") && (mode.way === "events-v1" || mode.way === "events-v2"))
      [expected, actual] = [expected.map(apart), actual.map(apart)];
  }
  // An aborted run is not read to its end; whether its own failure is still traced depends on where its reader stood.
  const late = !exact && failed(expected.at(-1));
  const trace = late ? wrapped.trace.slice(0, plain.trace.length) : wrapped.trace;
  const text = (recording: Recording): string => normalise(JSON.stringify(recording));
  return { expected: text({ ...plain, turns: expected }), actual: text({ ...wrapped, turns: actual, trace }) };
}
