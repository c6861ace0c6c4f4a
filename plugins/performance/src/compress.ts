import type { BaseMessage } from "@langchain/core/messages";
import { clipMessage, clipText } from "./clip.js";
import { compressionFloor } from "./errors.js";
import type { Layout, Piece } from "./layout.js";
import type { MessageCounter } from "./message.js";
import { summaryMessage } from "./summary-message.js";

/** How far a conversation is to be cut. All in tokens. */
export interface Budget {
  /** What the result may have at most. */
  readonly maxTokens: number;
  /** What a new cut aims at, so that the next few messages need none. */
  readonly keepTokens: number;
  /** Room for what stands in for the messages left out. */
  readonly summaryTokens: number;
  /** What happens where that which is always kept is too large: long texts of the last step are cut, or an error. */
  readonly overflow: "truncate" | "error";
}

/** Which messages stay. */
export interface Cut {
  readonly layout: Layout;
  /** Indexes of what is left out, in order. */
  readonly dropped: readonly number[];
  /** Messages that stay in a shorter form, by index. */
  readonly clipped: ReadonlyMap<number, BaseMessage>;
  /** Tokens that are left for a summary. */
  readonly room: number;
}

/** A message that is clipped keeps at least this much, so that one can see what it was. */
const LEAST = 48;
/** What a note about what was left out takes. */
const NOTE = 24;

const sum = (pieces: readonly Piece[], indexes: Iterable<number>): number => {
  let tokens = 0;
  for (const index of indexes) tokens += pieces[index]?.tokens ?? 0;
  return tokens;
};

/** What stays whatever happens: system messages, pinned groups, the last question, the step that waits for an answer. */
export function floorOf({ pieces, groups, question, lastGroup }: Layout): Set<number> {
  const floor = new Set<number>(groups.get(lastGroup));
  if (question !== -1) floor.add(question);
  for (const [index, { kind }] of pieces.entries()) if (kind === "system" || kind === "pinned") floor.add(index);
  return floor;
}

/**
 * Decides what stays of a conversation: the floor, and before it as many whole groups as fit, newest first. What is
 * left begins with a human message.
 *
 * @throws GraphTapError COMPRESSION_FLOOR
 */
export function cutOf(layout: Layout, budget: Budget, counter: MessageCounter): Cut {
  const { pieces } = layout;
  const floor = floorOf(layout);
  const floorTokens = sum(pieces, floor);
  const { maxTokens } = budget;
  if (floorTokens > maxTokens) {
    if (budget.overflow === "error") throw compressionFloor(floorTokens, maxTokens);
    const dropped = outside(pieces, floor);
    const reserve = dropped.length === 0 ? 0 : NOTE;
    const clipped = clipFloor(layout, floor, Math.max(0, maxTokens - reserve), counter);
    const tokens = sumClipped(pieces, floor, clipped, counter);
    if (tokens > maxTokens) throw compressionFloor(tokens, maxTokens);
    return { layout, dropped, clipped, room: maxTokens - tokens };
  }
  const room = Math.min(budget.summaryTokens, maxTokens - floorTokens);
  const free = Math.min(budget.keepTokens, maxTokens) - floorTokens - room;
  const kept = new Set([...floor, ...recent(layout, floor, free)]);
  return { layout, dropped: outside(pieces, kept), clipped: new Map(), room };
}

const outside = (pieces: readonly Piece[], kept: ReadonlySet<number>): number[] =>
  [...pieces.keys()].filter((index) => !kept.has(index));

/** Whole groups before the end, newest first, until one does not fit. */
function recent(layout: Layout, floor: ReadonlySet<number>, free: number): readonly number[] {
  const { pieces, groups, question } = layout;
  const taken: number[] = [];
  let left = free;
  for (const [first, members] of [...groups].toReversed()) {
    if (pieces[first]?.kind === "summary") continue;
    const missing = members.filter((index) => !floor.has(index));
    const tokens = sum(pieces, missing);
    if (tokens > left) break;
    left -= tokens;
    taken.push(first);
  }
  // Of what comes before the last question, the oldest must be something a human said.
  const older = taken.filter((first) => first < question && !floor.has(first)).toSorted((a, b) => a - b);
  const start = older.findIndex((first) => pieces[first]?.message.type === "human");
  const unled = new Set(start === -1 ? older : older.slice(0, start));
  return taken.filter((first) => !unled.has(first)).flatMap((first) => groups.get(first) ?? []);
}

const sumClipped = (
  pieces: readonly Piece[],
  floor: Iterable<number>,
  clipped: ReadonlyMap<number, BaseMessage>,
  counter: MessageCounter,
): number => {
  let tokens = 0;
  for (const index of floor) {
    const short = clipped.get(index);
    tokens += short === undefined ? (pieces[index]?.tokens ?? 0) : counter.count(short);
  }
  return tokens;
};

/** Cuts long texts of the last step, results first, then what the model said, then the question; nothing else. */
function clipFloor(
  { pieces, groups, question, lastGroup }: Layout,
  floor: ReadonlySet<number>,
  maxTokens: number,
  counter: MessageCounter,
): Map<number, BaseMessage> {
  const clipped = new Map<number, BaseMessage>();
  const step = (groups.get(lastGroup) ?? []).filter((index) => pieces[index]?.kind === "talk");
  const ofType = (tool: boolean): number[] =>
    step.filter((index) => index !== question && (pieces[index]?.message.type === "tool") === tool);
  const turns = [ofType(true), ofType(false), pieces[question]?.kind === "talk" ? [question] : []];
  for (const turn of turns) {
    const over = sumClipped(pieces, floor, clipped, counter) - maxTokens;
    if (over <= 0) break;
    const cap = capFor(
      turn.map((index) => pieces[index]?.tokens ?? 0),
      over,
    );
    for (const index of turn) {
      const { message, tokens } = pieces[index] as Piece;
      if (tokens > cap) clipped.set(index, clipMessage(message, cap, counter));
    }
  }
  return clipped;
}

/** The most that each of these may have so that together they lose `over`: the longest lose first. */
function capFor(sizes: readonly number[], over: number): number {
  const sorted = sizes.toSorted((a, b) => b - a);
  let lost = 0;
  for (let many = 1; many <= sorted.length; many++) {
    const next = Math.max(LEAST, sorted[many] ?? LEAST);
    const top = sorted[many - 1] as number;
    if (top <= LEAST) break;
    const gain = many * (top - next);
    if (lost + gain >= over) return Math.max(LEAST, Math.floor(top - (over - lost) / many));
    lost += gain;
  }
  return LEAST;
}

/** The conversation of a cut, with a summary or a note in the place of what is left out if there is room. */
export function assemble(
  { layout, dropped, clipped, room }: Cut,
  summary: { readonly text: string | null; readonly messages: number },
  counter: MessageCounter,
): BaseMessage[] {
  const gone = new Set(dropped);
  const kept: BaseMessage[] = [];
  for (const [index, { message }] of layout.pieces.entries())
    if (!gone.has(index)) kept.push(clipped.get(index) ?? message);
  if (dropped.length === 0) return kept;
  const stand = standIn(summary, room, counter);
  if (stand === null) return kept;
  const at = kept.findIndex((message) => message.type !== "system");
  kept.splice(at === -1 ? kept.length : at, 0, stand);
  return kept;
}

/** Room below which a summary would be cut to nothing: then it is not asked for. */
export const leastRoom = (counter: MessageCounter): number => counter.count(summaryMessage("", 1)) + NOTE;

/** A summary in the room there is; without room for one a note, without room for that nothing. */
function standIn(
  { text, messages }: { readonly text: string | null; readonly messages: number },
  room: number,
  counter: MessageCounter,
): BaseMessage | null {
  const note = summaryMessage(null, messages);
  const head = counter.count(summaryMessage("", messages));
  if (text !== null && text !== "" && room - head >= NOTE) {
    for (let allowed = room - head; allowed >= NOTE; allowed = Math.floor(allowed * 0.9)) {
      const stand = summaryMessage(clipText(text, allowed, counter.text), messages);
      if (counter.count(stand) <= room) return stand;
    }
  }
  return counter.count(note) <= room ? note : null;
}
