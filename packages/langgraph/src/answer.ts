import { hookResultInvalid, type RunnerInfo } from "@graphtap/kernel";

type Fits = (value: unknown) => boolean;

const keys =
  (...names: readonly string[]): Fits =>
  (value) =>
    typeof value === "object" && value !== null && names.every((name) => name in value);

const isStream: Fits = (value) =>
  typeof (value as AsyncIterable<unknown> | null)?.[Symbol.asyncIterator] === "function";

/** What each of these hooks gives: only the compiler knows it, so plugins in JavaScript need to be told. */
const ANSWERS = {
  "tool.prepare": [keys("args"), "{ ...draft, args }"],
  "tool.result": [keys("value"), "{ value }"],
  "model.prepare": [keys("messages", "options"), "{ ...call, messages, options }"],
  "model.result": [keys("result"), "{ result }"],
  "model.stream": [isStream, "a stream of chunks, and no promise of one"],
  "run.call": [isStream, "the stream that next(request) gave, and no promise of it"],
} as const satisfies Record<string, readonly [Fits, string]>;

/**
 * The answer that the taps of a hook gave, if it has its shape.
 *
 * @throws GraphTapError HOOK_RESULT_INVALID naming the plugins that tap the hook
 */
export function fitting<T>(hook: keyof typeof ANSWERS, { taps }: RunnerInfo, answer: T): T {
  const [fits, expected] = ANSWERS[hook];
  if (fits(answer)) return answer;
  const plugins = [...new Set(taps.map(({ plugin }) => plugin))].join('" or "');
  throw hookResultInvalid(plugins, hook, "what it returned has another shape", `return ${expected}.`);
}
