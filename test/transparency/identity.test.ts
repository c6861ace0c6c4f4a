import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { Annotation, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { createStack, definePlugin, hooks } from "@graphtap/langgraph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gallery, tagged } from "../gallery/index.js";
import { STREAM_MODES } from "./record.js";
import { CANARY, identified } from "./stacks.js";
import { FORBIDDEN } from "./suite.js";

/** As a server or a logger would write it; cycles and functions left out. */
function json(value: unknown): string {
  const above: unknown[] = [];
  return JSON.stringify(value, function (this: unknown, _key, part: unknown) {
    while (above.length > 0 && above.at(-1) !== this) above.pop();
    if (typeof part === "object" && part !== null) {
      if (above.includes(part)) return "[cycle]";
      above.push(part);
    }
    return typeof part === "bigint" ? String(part) : part;
  });
}

describe("who runs it", () => {
  const examples = [
    ...new Set([
      ...tagged("subgraph", "checkpointer"),
      ...tagged("tools", "interrupts"),
      ...tagged("agent"),
      ...tagged("context"),
    ]),
  ];

  it.each(examples.map((one) => [one.name, one] as const))(
    "is in no live chunk, printed or as JSON: %s",
    async (_name, one) => {
      // Without messages and tools LangGraph adds no callbacks of its own, and chunks show whose they are.
      for (const streamMode of [[...STREAM_MODES], ["values", "updates", "tasks", "checkpoints", "debug"]]) {
        const { stack, identify } = identified.make();
        const made = one.make();
        const graph = stack.wrap(made.graph as never) as typeof made.graph;
        const chunks: unknown[] = [];
        for (const turn of made.turns) {
          const stream = await graph.stream(
            turn.input,
            identify({ ...made.config, ...turn.config, streamMode, subgraphs: true }),
          );
          const reading = (async () => {
            for await (const chunk of stream) chunks.push(chunk);
          })();
          await (one.tags.includes("errors") ? reading.catch(() => undefined) : reading);
        }
        expect(chunks.length).toBeGreaterThan(0);
        for (const chunk of chunks) {
          expect(json(chunk)).not.toMatch(FORBIDDEN);
          // Printed, the saver and the streams of the run are shown as well.
          expect(inspect(chunk, { depth: 12 })).not.toMatch(FORBIDDEN);
        }
      }
    },
  );

  it("is named, and nothing more, where the config that carries it is printed, and not in its JSON", () => {
    const { identify } = identified.make();
    const config = identify({ configurable: { thread_id: "t" } });
    expect(JSON.stringify(config)).toBe('{"configurable":{"thread_id":"t"}}');
    expect(inspect(config, { depth: 12 })).toContain(`Identity(${CANARY})`);
    expect(inspect(config, { depth: 12, showHidden: true })).not.toContain(`${CANARY}-role`);
  });

  it("is seen by the observers of the run all the same", async () => {
    const who: (string | null | undefined)[] = [];
    const stack = createStack({
      plugins: [
        definePlugin({
          name: "who",
          version: "1.0.0",
          identity: "none",
          setup: (api) => void api.tap(hooks.node.start, (_event, run) => void who.push(run.principal?.userId)),
        })(),
      ],
    });
    const [one] = gallery;
    const made = (one ?? expect.fail("no gallery")).make();
    const graph = stack.wrap(made.graph as never) as typeof made.graph;
    await graph.invoke(made.turns[0]?.input, stack.as({ userId: CANARY }, made.config as never));
    await graph.withConfig(stack.as({ userId: `${CANARY}-2` }, made.config as never)).invoke(made.turns[0]?.input);
    expect(who).toEqual([CANARY, CANARY, `${CANARY}-2`, `${CANARY}-2`]);
  });
});

describe("RemoteGraph", () => {
  const requests: { path: string; headers: string; body: string }[] = [];
  let server: Server;
  let url = "";

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        requests.push({ path: request.url ?? "", headers: JSON.stringify(request.headers), body });
        response.writeHead(200, { "content-type": "text/event-stream" });
        const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
        response.end(
          event("metadata", { run_id: "1" }) +
            event("updates", { far: { log: ["far"] } }) +
            event("values", { log: ["in", "far"] }) +
            event("end", null),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const Log = Annotation.Root({ log: Annotation<string[]>({ reducer: (_a, b) => b, default: () => [] }) });
  const build = () =>
    new StateGraph(Log)
      .addNode("near", () => ({ log: ["in"] }))
      .addNode("far", new RemoteGraph({ graphId: "far", url }) as never)
      .addNode(
        "called",
        async (state, config) =>
          (await new RemoteGraph({ graphId: "called", url }).invoke(state, config)) as { log: string[] },
      )
      .addEdge(START, "near")
      .addEdge("near", "far")
      .addEdge("far", "called")
      .compile({ checkpointer: new MemorySaver() });
  const config = { configurable: { thread_id: "t-1", flavour: "mint" }, metadata: { from: "caller" }, tags: ["tag"] };

  /** Ids of tasks and checkpoints differ from run to run. */
  const seen = () =>
    requests
      .splice(0)
      .map(({ path, body }) => ({ path, body: body.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "#") }));

  it("is asked the same, in a node and by a node's code, and never told who runs it", async () => {
    const before = await build().invoke({ log: [] }, config);
    const plain = seen();
    expect(plain).toHaveLength(2);
    const { stack, identify } = identified.make();
    const after = await stack.wrap(build()).invoke({ log: [] }, identify(config) as typeof config);
    const raw = JSON.stringify(requests);
    expect(after).toEqual(before);
    expect(seen()).toEqual(plain);
    expect(raw).not.toMatch(FORBIDDEN);
  });

  it("is not told either when it is itself called with an identity", async () => {
    const { identify } = identified.make();
    const remote = new RemoteGraph({ graphId: "far", url });
    await remote.invoke({ log: [] }, identify(config) as typeof config);
    for await (const _chunk of await remote.stream(
      { log: [] },
      { ...(identify(config) as typeof config), streamMode: ["values", "updates"] as never },
    ))
      continue;
    expect(requests).toHaveLength(2);
    expect(JSON.stringify(requests.splice(0))).not.toMatch(FORBIDDEN);
  });
});
