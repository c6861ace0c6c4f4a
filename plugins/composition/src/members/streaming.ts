import { notChosen } from "../errors.js";
import type { Config, GraphLike } from "./graph.js";
import { jumpOf } from "./jump.js";

interface Streamed extends GraphLike {
  _streamIterator(input: unknown, options?: Config): AsyncGenerator<unknown>;
}
type StreamedClass = new (fields: object) => Streamed;

const classes = new WeakMap<StreamedClass, StreamedClass>();

/**
 * The graph with the messages of its members in its own stream of messages, as they come. LangGraph shows those of
 * subgraphs only to callers who ask for subgraphs; who streams a composed workflow should not have to know that it is one.
 * A Command that goes to a member is refused: which member comes, and after which, is decided here.
 */
export function streamingMembers(graph: GraphLike): GraphLike {
  const Base = graph.constructor as unknown as StreamedClass;
  let Streaming = classes.get(Base);
  if (Streaming === undefined) classes.set(Base, (Streaming = streamingClass(Base)));
  return new Streaming({ ...graph });
}

function streamingClass(Base: StreamedClass): StreamedClass {
  const Streaming = class extends Base {
    override _streamIterator(input: unknown, options?: Config): AsyncGenerator<unknown> {
      // Before anything of it is in a checkpoint, from where a resume would go on with it.
      const jump = jumpOf(input);
      if (jump !== null) return refused(notChosen(this.getName(), jump));
      const modes = modesOf(options);
      return modes === null
        ? super._streamIterator(input, options)
        : flattened(super._streamIterator(input, { ...options, subgraphs: true }), modes);
    }
  };
  Object.defineProperty(Streaming, "name", { value: Base.name });
  return Streaming as unknown as StreamedClass;
}

async function* refused(error: Error): AsyncGenerator<never> {
  yield await Promise.reject<never>(error);
}

/** How chunks are laid out, where a caller wants messages and not subgraphs; null where nothing is to be done. */
interface Modes {
  /** The only mode, where chunks do not name theirs. */
  readonly only: string | null;
  readonly encoded: boolean;
}

function modesOf(options: Config | undefined): Modes | null {
  const mode = options?.["streamMode"] as string | readonly string[] | undefined;
  const asked = typeof mode === "string" ? mode === "messages" : (mode ?? []).includes("messages");
  // As a member of another composed workflow its messages go to whoever streams that one.
  const inner = options?.configurable?.["__pregel_task_id"] !== undefined;
  if (!asked || inner || options?.["subgraphs"] === true || options?.["version"] === "v3") return null;
  return { only: typeof mode === "string" ? mode : null, encoded: options?.["encoding"] === "text/event-stream" };
}

/** The graph's own chunks and the messages of all, laid out as if there were no subgraphs. */
async function* flattened(chunks: AsyncGenerator<unknown>, { only, encoded }: Modes): AsyncGenerator<unknown> {
  for await (const chunk of chunks) {
    const [ns, ...rest] = chunk as readonly [readonly unknown[] | null, ...unknown[]];
    const mode = only !== null && !encoded ? only : rest[0];
    if (mode !== "messages" && ns !== null && ns.length > 0) continue;
    yield encoded ? [null, ...rest] : only === null ? rest : rest[0];
  }
}
