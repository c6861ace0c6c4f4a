import type { Program } from "../detect/program.js";
import type { Sink } from "../detect/sieve.js";
import { type ChunkLike, MessageStream } from "../stream/message.js";

/** What LangGraph says of a chunk in mode `messages`. */
interface Meta {
  readonly langgraph_node?: unknown;
  readonly langgraph_step?: unknown;
  readonly langgraph_checkpoint_ns?: unknown;
  readonly run_id?: unknown;
}

interface Open {
  readonly stream: MessageStream;
  readonly meta: unknown;
  readonly ns: readonly unknown[] | null;
  readonly node: string;
  readonly step: number;
  /** The graph around the node. */
  readonly around: string;
}

/** A payload of mode `messages`, and where it came from. */
export interface Piece {
  readonly ns: readonly unknown[] | null;
  readonly payload: readonly [unknown, unknown];
}

/** Messages of one run that are under way at a time; more of them are not followed, and do not leave. */
const MESSAGES = 1_000;

/** The streamed messages of one run that nobody has filtered yet, each by its id. */
export class OpenMessages {
  readonly #open = new Map<string, Open>();

  constructor(
    readonly program: Program,
    readonly sink: Sink,
  ) {}

  /**
   * What is left of messages that are over. Steps of a graph come one after the other, so a piece of a later one ends
   * the messages of those before.
   */
  before({ payload: [, meta] }: Piece): readonly Piece[] {
    if (this.#open.size === 0) return [];
    const { around, step } = placeOf(meta as Meta);
    return this.#end((open) => open.around === around && open.step < step);
  }

  /** A chunk with what may leave of it. */
  take({ ns, payload: [chunk, meta] }: Piece): readonly Piece[] {
    const message = chunk as ChunkLike;
    const place = placeOf(meta as Meta);
    const key = `${place.around} ${place.node} ${message.id ?? ""}`;
    let open = this.#open.get(key);
    if (open === undefined) {
      if (this.#open.size >= MESSAGES) return [];
      this.#open.set(key, (open = { stream: new MessageStream(this.program, this.sink), meta, ns, ...place }));
    }
    return [{ ns, payload: [open.stream.take(message), meta] }];
  }

  /** A node of a graph has done its work: its messages are whole. */
  nodeDone(around: string, node: string): readonly Piece[] {
    return this.#end((open) => open.around === around && open.node === node);
  }

  end(): readonly Piece[] {
    return this.#end(() => true);
  }

  #end(over: (open: Open) => boolean): readonly Piece[] {
    const rests: Piece[] = [];
    for (const [key, open] of this.#open) {
      if (!over(open)) continue;
      this.#open.delete(key);
      for (const chunk of open.stream.end()) rests.push({ ns: open.ns, payload: [chunk, open.meta] });
    }
    return rests;
  }
}

function placeOf({
  langgraph_node,
  langgraph_step,
  langgraph_checkpoint_ns,
}: Meta): Pick<Open, "node" | "step" | "around"> {
  const ns = typeof langgraph_checkpoint_ns === "string" ? langgraph_checkpoint_ns : "";
  const cut = ns.lastIndexOf("|");
  return {
    node: typeof langgraph_node === "string" ? langgraph_node : "",
    step: typeof langgraph_step === "number" ? langgraph_step : 0,
    around: cut < 0 ? "" : ns.slice(0, cut),
  };
}
