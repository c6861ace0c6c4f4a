import { RunnableLambda } from "@langchain/core/runnables";
import { entrypoint, START, StateGraph } from "@langchain/langgraph";
import { type Config, type Driven, type Lab, resumeWith } from "./lab.js";
import type { OutcomeName } from "./golden.js";
import { State } from "./workflow.js";

/** Minor version of LangGraph 1 that the graphs come from: test/ranges runs this matrix on older ones. */
export const MINOR = Number(process.env["GRAPHTAP_TEST_LANGGRAPH"] ?? "7");

/** How a caller takes what a graph gives. */
export interface Way {
  readonly name: string;
  /** First minor version of LangGraph 1 that has it. Default 0. */
  readonly since?: number;
  /** Why no consumer can leave early. */
  readonly stays?: string;
  /** Errors do not come as errors. */
  readonly swallows?: true;
  take(lab: Lab, graph: Driven, input: unknown, config: Config): Promise<unknown>;
}

/** One way to run the workflow to its end. */
export interface Route {
  readonly name: string;
  /** Runs that must be seen; default 1. */
  readonly runs?: number;
  /** Nodes that the route puts around the workflow: no golden order knows them. */
  readonly around?: readonly string[];
  /** The run goes on where another one paused. */
  readonly resumed?: true;
  /** What the run fails with comes to the caller as data. */
  readonly swallows?: true;
  /** Also driven with a model that is closed over in its node. */
  readonly observed?: true;
  /** Outcomes that cannot happen here, each with its reason. */
  readonly unable?: Partial<Record<OutcomeName, string>>;
  drive(lab: Lab): Promise<unknown>;
}

const STAYS = "the caller gets one promise and cannot leave";
const V3_GOES_ON =
  "a v3 run has several readers: leaving one of them, and even abort(), lets LangGraph run it to its end";
const V1_THROWS = "LangGraph throws its own AbortError at a consumer of v1 events who leaves";
const NOT_HEARD = "before 1.7 LangGraph does not hear that the consumer of a graph of its own left";
const LOG_HANGS = "LangGraph waits for the end of a log nobody reads, and never comes back";
const NOTHING_YET = "nothing is streamed before the workflow inside is done";

const streamed = (mode: string | readonly string[], options: object = {}): Way => ({
  name: `stream ${typeof mode === "string" ? mode : "all modes"}${Object.keys(options)
    .map((key) => `, ${key}`)
    .join("")}`,
  take: async (lab, graph, input, config) =>
    lab.read(await graph.stream(input, { ...config, streamMode: mode, ...options })),
});
const asBytes: Way = {
  ...streamed(["values", "messages"], { encoding: "text/event-stream" }),
  name: "stream as server-sent events",
  swallows: true,
};

const MODES = ["values", "updates", "messages", "custom", "checkpoints", "tasks", "debug", "tools"] as const;

export const INVOKE: Way = {
  name: "invoke",
  stays: STAYS,
  take: (_lab, graph, input, config) => graph.invoke(input, config),
};
const ALL_WAYS: readonly Way[] = [
  INVOKE,
  ...MODES.map((mode) => (mode === "tools" ? { ...streamed(mode), since: 3 } : streamed(mode))),
  streamed(MODES),
  streamed(MODES, { subgraphs: true }),
  asBytes,
  {
    name: "streamEvents v1",
    stays: V1_THROWS,
    take: (lab, graph, input, config) => lab.read(graph.streamEvents(input, { ...config, version: "v1" })),
  },
  {
    name: "streamEvents v2",
    take: (lab, graph, input, config) => lab.read(graph.streamEvents(input, { ...config, version: "v2" })),
  },
  {
    name: "streamEvents v3",
    since: 3,
    stays: V3_GOES_ON,
    take: async (lab, graph, input, config) => lab.read(await graph.streamEvents(input, { ...config, version: "v3" })),
  },
  {
    name: "streamEvents v3, output only",
    since: 3,
    stays: STAYS,
    take: async (_lab, graph, input, config) => (await graph.streamEvents(input, { ...config, version: "v3" })).output,
  },
  {
    name: "streamLog",
    stays: LOG_HANGS,
    take: (lab, graph, input, config) => lab.read(graph["streamLog"](input, config)),
  },
];

export const WAYS = ALL_WAYS.filter(({ since = 0 }) => MINOR >= since);

/** The workflow where it stands, or inside something. */
interface Place {
  readonly name: string;
  readonly around?: readonly string[];
  /** Ways in which nothing comes out before the workflow inside is done. */
  readonly silent?: readonly string[];
  /** The wrapped workflow, or what is around it. */
  graph(lab: Lab): Driven;
  /** Why leaving is not heard here. */
  readonly stays?: string;
}

/** Chunks of these modes from inside are shown only where subgraphs are asked for. */
const INSIDE = ["stream messages", "stream updates"];
const PLAIN: Place = { name: "", graph: (lab) => lab.graph };
const PLACES: readonly Place[] = [
  {
    name: "a subgraph",
    around: ["inner"],
    silent: INSIDE,
    graph: (lab) =>
      lab.stack.wrap(
        new StateGraph(State)
          .addNode("inner", lab.compile({ checkpointer: undefined, wrapped: false }) as never)
          .addEdge(START, "inner")
          .compile({ checkpointer: lab.saver, name: "outer" }),
      ) as unknown as Driven,
  },
  {
    name: "a wrapped subgraph two levels down",
    around: ["inner", "middle"],
    silent: INSIDE,
    graph: (lab) => {
      const middle = new StateGraph(State)
        .addNode("inner", lab.compile({ checkpointer: undefined }) as never)
        .addEdge(START, "inner")
        .compile();
      return lab.stack.wrap(
        new StateGraph(State)
          .addNode("middle", middle)
          .addEdge(START, "middle")
          .compile({ checkpointer: lab.saver, name: "outer" }),
      ) as unknown as Driven;
    },
  },
  {
    name: "called in a node",
    around: ["caller"],
    silent: INSIDE,
    graph: (lab) => {
      const inner = lab.compile({ checkpointer: undefined });
      return lab.stack.wrap(
        new StateGraph(State)
          .addNode("caller", (state, config) => inner.invoke(state, config as never) as never)
          .addEdge(START, "caller")
          .compile({ checkpointer: lab.saver, name: "outer" }),
      ) as unknown as Driven;
    },
  },
  {
    name: "called in an entrypoint",
    around: ["outer"],
    silent: [...INSIDE, "stream values"],
    graph: (lab) => {
      const inner = lab.compile({ checkpointer: undefined });
      return lab.stack.wrap(
        entrypoint({ name: "outer", checkpointer: lab.saver }, async (input: unknown, config) =>
          inner.invoke(input, config as never),
        ),
      ) as unknown as Driven;
    },
  },
  {
    name: "a node of a graph that is not wrapped",
    silent: INSIDE,
    ...(MINOR < 7 ? { stays: NOT_HEARD } : {}),
    graph: (lab) =>
      new StateGraph(State)
        .addNode("inner", lab.compile({ checkpointer: undefined }) as never)
        .addEdge(START, "inner")
        .compile({ checkpointer: lab.saver, name: "outer" }) as unknown as Driven,
  },
];

const title = (place: Place, way: Way): string => (place.name === "" ? way.name : `${place.name}, ${way.name}`);
/** What a route has of its place and its way. */
function traits(place: Place, way: Way): Pick<Route, "around" | "swallows" | "unable"> {
  const stays = way.stays ?? place.stays ?? (place.silent?.includes(way.name) === true ? NOTHING_YET : undefined);
  return {
    ...(place.around === undefined ? {} : { around: place.around }),
    ...(way.swallows === undefined ? {} : { swallows: way.swallows }),
    unable: stays === undefined ? {} : { "early break": stays },
  };
}

const started = (place: Place, way: Way): Route => ({
  name: title(place, way),
  ...traits(place, way),
  drive: (lab) => way.take(lab, place.graph(lab), lab.input(), lab.config()),
});

/** A run that waits at its gate, forgotten, and the one that goes on. */
const resumed = (place: Place, way: Way): Route => ({
  name: `resume, ${title(place, way)}`,
  ...traits(place, way),
  resumed: true,
  unable: { ...traits(place, way).unable, paused: "the run that pauses is the one before" },
  async drive(lab) {
    const graph = place.graph(lab);
    await graph.invoke(lab.input(true), lab.config({ preparing: true }));
    lab.forget();
    return way.take(lab, graph, resumeWith(), lab.config());
  },
});

const ways = (...names: readonly string[]): readonly Way[] => {
  const unknown = names.find((name) => ALL_WAYS.every((one) => one.name !== name));
  if (unknown !== undefined) throw new Error(`no way is called "${unknown}"`);
  return WAYS.filter(({ name }) => names.includes(name));
};

/** The identity and the thread, bound. LangGraph heeds no signal and no time-out that are bound. */
const bound = (lab: Lab): Driven => lab.graph.withConfig({ configurable: lab.config().configurable ?? {} });
/** The signal and the time-out, given with the call. */
const limits = (lab: Lab): Config => {
  const { configurable: _bound, ...rest } = lab.config();
  return rest;
};

/** What else calls a graph. */
const OTHERS: readonly Route[] = [
  {
    name: "batch of two",
    runs: 2,
    unable: { "early break": STAYS },
    drive: (lab) =>
      lab.graph.batch([lab.input(), lab.input()], [lab.config({ thread: "one" }), lab.config({ thread: "two" })]),
  },
  {
    name: "batch of two that returns errors",
    runs: 2,
    unable: { "early break": STAYS },
    async drive(lab) {
      const results = await lab.graph.batch(
        [lab.input(), lab.input()],
        [lab.config({ thread: "one" }), lab.config({ thread: "two" })],
        { returnExceptions: true },
      );
      for (const result of results) if (result instanceof Error) throw result;
      return results;
    },
  },
  {
    name: "withConfig(as), invoke",
    unable: { "early break": STAYS },
    drive: (lab) => bound(lab).invoke(lab.input(), limits(lab)),
  },
  {
    name: "withConfig(as), stream updates",
    drive: async (lab) => lab.read(await bound(lab).stream(lab.input(), { ...limits(lab), streamMode: "updates" })),
  },
  {
    name: "withConfig(as, stream modes), stream",
    drive: async (lab) =>
      lab.read(
        await bound(lab)
          .withConfig({ streamMode: ["updates", "values"] })
          .stream(lab.input(), limits(lab)),
      ),
  },
  {
    name: "in a lambda, invoke",
    unable: { "early break": STAYS },
    drive: (lab) =>
      RunnableLambda.from((state: unknown, config) => lab.graph.invoke(state, config as Config)).invoke(
        lab.input() as never,
        lab.config() as never,
      ),
  },
  {
    name: "withRetry, invoke",
    unable: { "early break": STAYS },
    drive: (lab) => lab.graph["withRetry"]({ stopAfterAttempt: 1 }).invoke(lab.input(), lab.config()),
  },
  {
    name: "in a sequence, invoke",
    unable: { "early break": STAYS },
    drive: (lab) => lab.graph["pipe"](RunnableLambda.from((state: unknown) => state)).invoke(lab.input(), lab.config()),
  },
  {
    name: "in a sequence, stream",
    unable: { "early break": "leaving a sequence waits for the end of the run" },
    drive: async (lab) =>
      lab.read(
        await RunnableLambda.from((state: unknown) => state)
          .pipe(lab.graph as never)
          .stream(lab.input() as never, { ...lab.config(), streamMode: "updates" } as never),
      ),
  },
];

const INSIDE_WAYS = ways(
  "invoke",
  "stream values",
  "stream messages",
  "stream all modes, subgraphs",
  "streamEvents v2",
  "streamEvents v3",
);
const RESUMED_INSIDE_WAYS = ways("invoke", "stream updates", "streamEvents v2", "streamEvents v3");
/** A closed-over model is seen by callbacks, which every way hands on by a path of its own; of the places one is enough. */
const closedOver = (route: Route): Route => ({ ...route, observed: true });

/** Every route. One that is added here runs through every outcome. */
export const ROUTES: readonly Route[] = [
  ...WAYS.map((one) => closedOver(started(PLAIN, one))),
  ...PLACES.flatMap((place, index) =>
    INSIDE_WAYS.map((one) => (index === 0 ? closedOver(started(place, one)) : started(place, one))),
  ),
  ...WAYS.map((one) => resumed(PLAIN, one)),
  ...PLACES.flatMap((place) => RESUMED_INSIDE_WAYS.map((one) => resumed(place, one))),
  ...OTHERS.map(closedOver),
];
