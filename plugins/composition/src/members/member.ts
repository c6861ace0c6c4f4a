import { changesOf } from "../composite/delta.js";
import { channelsOf, type Config, type GraphLike, outputsOf } from "./graph.js";

type Values = Readonly<Record<string, unknown>>;

/** How state goes into a member and comes out again, where its channels have other names. */
export interface Passages {
  readonly input?: ((state: Values) => unknown) | undefined;
  /** What a member gave, as values of the composed workflow's channels. */
  readonly output?: ((result: unknown, state: Values) => Values) | undefined;
}

/** A workflow that others are composed of: built when it is needed first, and once. */
export class Member {
  #graph: Promise<GraphLike> | null = null;

  constructor(
    readonly name: string,
    readonly make: () => Promise<GraphLike>,
    readonly passages: Passages = {},
  ) {}

  /** The wrapped graph. A build that failed is tried again at the next call. */
  graph(): Promise<GraphLike> {
    this.#graph ??= this.make().catch((error: unknown) => {
      this.#graph = null;
      throw error;
    });
    return this.#graph;
  }

  /**
   * Runs it as a part of the run around it, in a checkpoint namespace of its own.
   *
   * @returns what it gave, and what it changed of `channels`
   */
  async run(state: Values, channels: readonly string[], config: Config): Promise<{ result: unknown; changes: Values }> {
    const graph = await this.graph();
    const { input, output } = this.passages;
    const shared = channelsOf(graph).filter((name) => channels.includes(name));
    const given = input === undefined ? picked(state, shared) : input(state);
    const result: unknown = await graph.invoke(given, config);
    if (output !== undefined) return { result, changes: changesOf(state, output(result, state), channels) };
    const values = typeof result === "object" && result !== null ? (result as Values) : {};
    const before = input === undefined ? state : (given as Values);
    return {
      result,
      changes: changesOf(
        before ?? {},
        values,
        outputsOf(graph).filter((name) => channels.includes(name)),
      ),
    };
  }
}

const picked = (state: Values, keys: readonly string[]): Values =>
  Object.fromEntries(keys.filter((key) => state[key] !== undefined).map((key) => [key, state[key]]));

/** Whether a graph and a composed workflow have no channel in common: then nothing would go in or come out, without a word. */
export function isDisjoint(graph: GraphLike, channels: readonly string[], { input, output }: Passages): boolean {
  const ins = input !== undefined || channelsOf(graph).some((name) => channels.includes(name));
  const outs = output !== undefined || outputsOf(graph).some((name) => channels.includes(name));
  return !ins || !outs;
}
