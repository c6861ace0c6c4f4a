import { scriptInvalid } from "../errors.js";

/** Tokens a step reports. `total` defaults to input + output; details are left out unless given. */
export interface ScriptedUsage {
  readonly input: number;
  readonly output: number;
  readonly total?: number;
  /** Part of `input` that came from the provider's cache. */
  readonly cacheRead?: number;
  /** Part of `input` that was written to the provider's cache. */
  readonly cacheWrite?: number;
  /** Part of `output` that was spent on reasoning. */
  readonly reasoning?: number;
}

/** A tool call the model asks for. */
export interface ScriptedCall {
  readonly name: string;
  /** Default `{}`. A string is sent as it is: text that is not JSON plays a model that broke its own format. */
  readonly args?: Readonly<Record<string, unknown>> | string;
  /** Default: an id that no other call of this process has. */
  readonly id?: string;
}

interface StepParts {
  readonly say?: string;
  readonly call?: ScriptedCall;
  readonly calls?: readonly ScriptedCall[];
  /** Thrown after what the step says was streamed; at once when it says nothing. */
  readonly throw?: unknown;
  /** Never ends, after what the step says was streamed, until the caller aborts. */
  readonly hang?: true;
  /** Default: estimated from the length of the texts. `null` plays a provider that reports none. */
  readonly usage?: ScriptedUsage | null;
  /** How a stream is cut: the number of pieces, or the pieces of `say` themselves. Default: one piece per word. */
  readonly chunks?: number | readonly string[];
  /** Milliseconds before the answer, or before each piece of a stream. Default 0. */
  readonly delayMs?: number;
}

/** One answer of a scripted model. Parts combine: `{ say: "Let me look", call: {...} }`, `{ say: "half", throw: error }`. */
export type Step = StepParts &
  ({ say: string } | { call: ScriptedCall } | { calls: readonly ScriptedCall[] } | { throw: unknown } | { hang: true });

/** A step with its short forms resolved. */
export interface PlayedStep {
  readonly text: string;
  readonly calls: readonly ScriptedCall[];
  readonly ending:
    | { readonly kind: "done" }
    | { readonly kind: "throw"; readonly error: unknown }
    | { readonly kind: "hang" };
  readonly usage: ScriptedUsage | null | undefined;
  readonly pieces: readonly string[];
  /** Pieces the arguments of each call are cut into. */
  readonly argPieces: number;
  readonly delayMs: number;
}

const KEYS = new Set(["say", "call", "calls", "throw", "hang", "usage", "chunks", "delayMs"]);

/** Checks a step that may come from untyped code; `where` names its script in the error. */
export function readStep(step: Step, where: string, alsoAllowed: readonly string[] = []): PlayedStep {
  if (typeof step !== "object" || step === null || Array.isArray(step))
    throw scriptInvalid(where, `It is ${step === null ? "null" : typeof step}, not a step.`);
  const unknown = Object.keys(step).filter((key) => !KEYS.has(key) && !alsoAllowed.includes(key));
  if (unknown.length > 0) throw scriptInvalid(where, `It has unknown parts: ${unknown.join(", ")}.`);
  const { say, call, calls, hang, usage, chunks, delayMs = 0 } = step;
  const throws = Object.hasOwn(step, "throw");
  if (say === undefined && call === undefined && calls === undefined && !throws && hang !== true)
    throw scriptInvalid(where, "It has none of say, call, calls, throw, hang.");
  if (say !== undefined && typeof say !== "string") throw scriptInvalid(where, `say is ${typeof say}, not text.`);
  if (throws && hang === true) throw scriptInvalid(where, "It both throws and hangs.");
  if (!(delayMs >= 0)) throw scriptInvalid(where, `delayMs is ${delayMs}.`);
  const all = [...(call === undefined ? [] : [call]), ...(calls ?? [])];
  for (const one of all)
    if (typeof one?.name !== "string" || one.name === "") throw scriptInvalid(where, "A call has no name.");
  const text = say ?? "";
  return {
    text,
    calls: all,
    ending: throws ? { kind: "throw", error: step.throw } : hang === true ? { kind: "hang" } : { kind: "done" },
    usage,
    pieces: cut(text, chunks, where),
    argPieces: typeof chunks === "number" ? chunks : 2,
    delayMs,
  };
}

function cut(text: string, chunks: number | readonly string[] | undefined, where: string): readonly string[] {
  if (chunks === undefined) return text.match(/\s*\S+\s*/g) ?? (text === "" ? [] : [text]);
  if (typeof chunks === "number") {
    if (!Number.isInteger(chunks) || chunks < 1) throw scriptInvalid(where, `chunks is ${chunks}.`);
    return cutEvenly(text, chunks);
  }
  if (chunks.join("") !== text) throw scriptInvalid(where, "Its chunks do not add up to what it says.");
  return chunks;
}

/** At most `count` pieces of about the same length; never inside a code point. */
export function cutEvenly(text: string, count: number): readonly string[] {
  const letters = Array.from(text);
  const pieces: string[] = [];
  for (let index = 0; index < count; index++) {
    const piece = letters
      .slice(Math.floor((index * letters.length) / count), Math.floor(((index + 1) * letters.length) / count))
      .join("");
    if (piece !== "") pieces.push(piece);
  }
  return pieces;
}

/** Arguments as the text a provider sends. */
export const argsText = (call: ScriptedCall): string =>
  typeof call.args === "string" ? call.args : JSON.stringify(call.args ?? {});

/** About four characters to a token, at least one: enough for tests that need figures that grow with the text. */
const estimateTokens = (characters: number): number => Math.max(1, Math.ceil(characters / 4));

/** The usage a step reports, or null when it reports none. */
export function usageOf(
  step: PlayedStep,
  inputCharacters: number,
): (Required<Pick<ScriptedUsage, "input" | "output" | "total">> & ScriptedUsage) | null {
  if (step.usage === null) return null;
  const written =
    step.text.length + step.calls.reduce((sum, call) => sum + call.name.length + argsText(call).length, 0);
  const usage = step.usage ?? { input: estimateTokens(inputCharacters), output: estimateTokens(written) };
  return { ...usage, total: usage.total ?? usage.input + usage.output };
}
