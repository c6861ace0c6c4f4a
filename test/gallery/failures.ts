import { Annotation, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { example, goOn, input, later } from "./make.js";

const Log = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });

class Boom extends Error {
  override readonly name = "Boom";
  readonly lc_error_code = "MODEL_RATE_LIMIT";
  constructor(readonly attempt: number) {
    super(`boom ${attempt}`);
  }
}

const fast = { initialInterval: 1, jitter: false, logWarning: false } as const;

export const retried = example("retries that succeed", ["retries", "checkpointer"], () => {
  const saver = new MemorySaver();
  const effects: unknown[] = [];
  let attempts = 0;
  const graph = new StateGraph(Log)
    .addNode(
      "flaky",
      (_state, config) => {
        effects.push((config as { executionInfo?: { nodeAttempt?: number } }).executionInfo?.nodeAttempt);
        config.writer?.({ attempt: attempts });
        if (++attempts % 3 !== 0) throw new Boom(attempts);
        return { log: [`ok at ${attempts}`] };
      },
      { retryPolicy: { ...fast, maxAttempts: 3 } },
    )
    .addEdge(START, "flaky")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] })], savers: [saver], effects };
});

export const exhausted = example("retries that run out", ["retries", "errors"], () => {
  let attempts = 0;
  const graph = new StateGraph(Log)
    .addNode(
      "broken",
      () => {
        throw new Boom(++attempts);
      },
      { retryPolicy: { ...fast, maxAttempts: 2 } },
    )
    .addEdge(START, "broken")
    .compile();
  return { graph, turns: [input({ log: [] })] };
});

export const failing = example("an error, then going on", ["errors", "checkpointer"], () => {
  const saver = new MemorySaver();
  let broken = true;
  const graph = new StateGraph(Log)
    .addNode("before", () => ({ log: ["before"] }))
    .addNode("fragile", async () => {
      if (broken) {
        broken = false;
        throw new Boom(0);
      }
      broken = true;
      return { log: ["mended"] };
    })
    .addEdge(START, "before")
    .addEdge("before", "fragile")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] }), goOn()], savers: [saver] };
});

export const parallelFailure = example("one of two branches fails", ["errors", "parallel", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("good", () => ({ log: ["good"] }))
    .addNode("bad", async () => {
      await later();
      throw new Boom(1);
    })
    .addEdge(START, "good")
    .addEdge(START, "bad")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] })], savers: [saver] };
});

export const cancelledBranch = example(
  "a branch that is cancelled because another failed",
  ["errors", "parallel", "checkpointer"],
  () => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const graph = new StateGraph(Log)
      .addNode("slow", async (_state, config) => {
        await new Promise<void>((resolve) => config.signal?.addEventListener("abort", () => resolve(), { once: true }));
        effects.push("slow was told");
        return { log: ["slow"] };
      })
      .addNode("bad", async () => {
        await later();
        throw new Boom(1);
      })
      .addEdge(START, "slow")
      .addEdge(START, "bad")
      .compile({ checkpointer: saver });
    return { graph, turns: [input({ log: [] })], savers: [saver], effects };
  },
);

export const handled = example("error handler node", ["errors", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode(
      "bad",
      () => {
        throw new Boom(1);
      },
      {
        errorHandler: (_state: unknown, error: unknown) => ({
          log: [`handled ${String((error as { error?: Error }).error?.message)}`],
        }),
      } as never,
    )
    .addNode("after", () => ({ log: ["after"] }))
    .addEdge(START, "bad")
    .addEdge("bad", "after")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] })], savers: [saver] };
});

export const childFailure = example("an error in a subgraph", ["errors", "subgraph", "checkpointer"], () => {
  const saver = new MemorySaver();
  const child = new StateGraph(Log)
    .addNode("bad", () => {
      throw new Boom(2);
    })
    .addEdge(START, "bad")
    .compile();
  const graph = new StateGraph(Log).addNode("child", child).addEdge(START, "child").compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] })], savers: [saver] };
});

export const limited = example("recursion limit", ["limit", "errors", "loop", "checkpointer"], () => {
  const saver = new MemorySaver();
  const graph = new StateGraph(Log)
    .addNode("again", () => ({ log: ["again"] }))
    .addEdge(START, "again")
    .addEdge("again", "again")
    .compile({ checkpointer: saver });
  return { graph, turns: [input({ log: [] })], savers: [saver], config: { recursionLimit: 4 } };
});

export const aborted = example("aborted from inside", ["errors"], () => {
  const stop = new AbortController();
  const graph = new StateGraph(Log)
    .addNode("first", () => ({ log: ["first"] }))
    .addNode("stuck", async (_state, config) => {
      queueMicrotask(() => stop.abort(new Error("the user left")));
      const told = new Promise((_resolve, reject) =>
        config.signal?.addEventListener("abort", () => reject(config.signal?.reason as Error), { once: true }),
      );
      // A signal that was bound by withConfig does not reach the node.
      await Promise.race([told, later(100)]);
      return { log: ["not told"] };
    })
    .addEdge(START, "first")
    .addEdge("first", "stuck")
    .compile();
  return { graph, turns: [input({ log: [] })], config: { signal: stop.signal } };
});

export const invalid = example("invalid update and empty input", ["errors"], () => {
  const graph = new StateGraph(Log)
    .addNode("wrong", () => "not an update" as never)
    .addEdge(START, "wrong")
    .compile();
  return { graph, turns: [input({ log: [] }), input({})] };
});

export const failures = [
  retried,
  exhausted,
  failing,
  parallelFailure,
  cancelledBranch,
  handled,
  childFailure,
  limited,
  aborted,
  invalid,
];
