import { join } from "node:path";
import { Client } from "@langchain/langgraph-sdk";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { createStack } from "@graphtap/langgraph";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { expectRun } from "../../parity-modes/expect-run.js";
import { type Outcome, OUTCOMES } from "../../parity-modes/outcomes.js";
import { byRun, label, type Line } from "../../parity-modes/record.js";
import { question } from "../../parity-modes/workflow.js";
import { type Body, SERVER_ROUTES, type ServerRoute, type Session, type Taken } from "./routes.js";
import { type DevServer, startServer } from "./start.js";
import { until } from "./until.js";

const OK = OUTCOMES.find(({ name }) => name === "ok") as Outcome;
const folder = (name: string): string => join(import.meta.dirname, name);
// Fewer than the runs that the server takes at once: none waits for another one's end.
vi.setConfig({ maxConcurrency: 16 });

/** What of an identity must not go over the wire. */
const SECRETS = /__graphtap|role-secret|local-alice/;

/** Outcomes that a server cannot bring about. */
const UNABLE: Partial<Record<Outcome["name"], string>> = {
  "time-out": "the server takes no time-out for a run",
};

const pauses = ({ golden }: Outcome): boolean => golden.includes("run.pause");

const bodyOf = (outcome: Outcome, asks = outcome.asks === true): Body => {
  const { messages, ask } = question(outcome.topic, asks);
  const [message] = messages as { id?: string; content: unknown }[];
  return { input: { messages: [{ type: "human", id: message?.id, content: message?.content }], ask } };
};

const count = (lines: readonly Line[], end: string): number => lines.filter(({ hook }) => hook.endsWith(end)).length;
const allEnded = (lines: readonly Line[]): boolean =>
  count(lines, "run.end") > 0 && count(lines, ".start") === count(lines, ".end");
/** Waits for lines of a run that another process writes. */
const untilSeen = (what: string, lines: () => readonly Line[], holds: (lines: readonly Line[]) => boolean) =>
  until(
    () => `${what}; seen: ${lines().map(label).join(", ") || "nothing"}`,
    () => holds(lines()),
  );

const clientOf = (server: DevServer, user: string, sent: string[] = []): Client =>
  new Client({
    apiUrl: server.url,
    defaultHeaders: { authorization: `Bearer ${user}` },
    callerOptions: { maxRetries: 0 },
    onRequest(url, init) {
      sent.push(`${url.href} ${String(init.body ?? "")} ${JSON.stringify([...new Headers(init.headers)])}`);
      return init;
    },
  });

function sessionOf(server: DevServer, outcome: Outcome, graph: Session["graph"], thread: string): Session {
  const sent: string[] = [];
  const client = clientOf(server, outcome.user === null ? "ghost" : (outcome.user ?? "alice"), sent);
  const point = (): Promise<void> => until("the run to come to its point", () => server.reached(thread));
  return { server, outcome, client, thread, graph, sent, point };
}

/** What the driver of the outcome does once the run has come to the point. */
async function drive({ outcome, client, thread, point }: Session): Promise<void> {
  if (outcome.driver !== "abort") return;
  await point();
  for (const run of await client.runs.list(thread)) await client.runs.cancel(thread, run.run_id, false);
}

/** The run around a remote one: its node ends as the remote run did, as far as the server lets on. */
function expectAround({ around, error }: Taken, outcome: Outcome): void {
  const end = pauses(outcome) ? "paused" : error === null ? "ok" : "error";
  expect(around?.filter((line) => !/\.(error|pause) ?/.test(line))).toEqual([
    "run.start",
    "node.start far",
    `node.end far ${end}`,
    `run.end ${end}`,
  ]);
}

/** Waits until the server is done with all runs of a thread and with what their ends make of the thread itself. */
async function untilIdle(client: Client, thread: string): Promise<void> {
  await until("the server to be done with the runs", async () => {
    const runs = await client.runs.list(thread);
    return runs.every(({ status }) => status !== "pending" && status !== "running");
  });
  await until("the thread to be no longer busy", async () => (await client.threads.get(thread)).status !== "busy");
}

async function testCell(
  server: DevServer,
  route: ServerRoute,
  outcome: Outcome,
  graph: Session["graph"],
  resumed = false,
): Promise<void> {
  const alice = clientOf(server, "alice");
  const { thread_id: thread } = await alice.threads.create();
  let before: readonly Line[] = [];
  if (resumed) {
    // Paused by alice, whoever goes on.
    await alice.runs.wait(thread, graph, bodyOf(outcome, true) as never);
    await untilIdle(alice, thread);
    before = server.lines(thread);
  }
  const session = sessionOf(server, outcome, graph, thread);
  const lines = (): readonly Line[] => server.lines(thread).slice(before.length);
  const [taken] = await Promise.all([
    route.take(session, resumed ? { command: { resume: "yes" } } : bodyOf(outcome)),
    drive(session),
  ]);
  if (outcome.driver === undefined) {
    // All ends are told before the server calls a run done.
    await untilIdle(alice, thread);
  } else {
    await untilSeen("the end of the run", lines, (seen) => count(seen, "run.end") > 0);
    server.release(thread);
    await untilIdle(alice, thread);
    await untilSeen("the late ends", lines, allEnded);
  }

  const runs = byRun(lines());
  expect(runs).toHaveLength(1);
  for (const run of runs)
    expectRun(run, resumed ? { resumed } : {}, outcome, graph === "observed" ? "observed" : "governed");
  if (resumed) expect(lines()[0]?.resumedFrom).toBe(before[0]?.runId);
  // What a caller is shown of a run that was cancelled is the server's to say.
  if (pauses(outcome) && route.interrupts === true) expect(taken.error).toMatch(/^GraphInterrupt/);
  else if (outcome.driver === undefined) expect(taken.error === null).toBe(outcome.throws === null);
  if (taken.around !== undefined) expectAround(taken, outcome);
  if (pauses(outcome)) expect((await alice.threads.get(thread)).status).toBe("interrupted");
  for (const text of [...session.sent, JSON.stringify(taken.received) ?? ""]) expect(text).not.toMatch(SECRETS);
}

describe("a langgraphjs dev server that authenticates", () => {
  let server: DevServer;
  beforeAll(async () => {
    server = await startServer(folder("project"));
  });
  afterAll(() => server?.stop());

  for (const route of SERVER_ROUTES)
    describe.concurrent(route.name, () => {
      for (const outcome of OUTCOMES) {
        if (UNABLE[outcome.name] !== undefined || route.unable?.[outcome.name] !== undefined) continue;
        const graph = outcome.guards === undefined ? "governed" : "guarded";
        const turns = route.once === true || outcome.name === "paused" ? [false] : [false, true];
        for (const resumed of turns)
          it(resumed ? `${outcome.name}, resumed` : outcome.name, () =>
            testCell(server, route, outcome, graph, resumed),
          );
      }
    });

  describe.concurrent("a model that is observed, by runs.stream messages-tuple", () => {
    const route = SERVER_ROUTES.find(({ name }) => name === "runs.stream messages-tuple") as ServerRoute;
    const seen = OUTCOMES.filter(
      ({ name, unobserved, guards }) => UNABLE[name] === undefined && unobserved === undefined && guards === undefined,
    );
    for (const outcome of seen) it(outcome.name, () => testCell(server, route, outcome, "observed"));
  });

  it("lets nobody in without a token, and takes no identity from what a client puts into a request", async () => {
    const stranger = new Client({ apiUrl: server.url, callerOptions: { maxRetries: 0 } });
    await expect(stranger.threads.create()).rejects.toThrow(/401/);
    const alice = clientOf(server, "alice");
    const run = async (configurable: object): Promise<readonly Line[]> => {
      const { thread_id: thread } = await alice.threads.create();
      await alice.runs
        .wait(thread, "governed", { ...bodyOf(OK), config: { configurable } } as never)
        .finally(() => untilIdle(alice, thread));
      await untilSeen("the end of the run", () => server.lines(thread), allEnded);
      return server.lines(thread);
    };
    for (const { principal } of await run({
      langgraph_auth_user: { identity: "root" },
      langgraph_auth_user_id: "root",
      user_id: "root",
    }))
      expect(principal).toBe("alice");
    await expect(run({ __graphtap: { userId: "root" } })).rejects.toThrow(/IDENTITY_NOT_ISSUED/);
  });

  it("runs without a thread of the client's", async () => {
    const before = byRun(server.lines()).length;
    const runs = (): readonly (readonly Line[])[] => byRun(server.lines()).slice(before);
    const state = await clientOf(server, "alice").runs.wait(null, "governed", bodyOf(OK) as never);
    expect((state as { messages: unknown[] }).messages).toHaveLength(4);
    await untilSeen("the end of the run", () => runs().flat(), allEnded);
    expect(runs()).toHaveLength(1);
    for (const run of runs()) expectRun(run, {}, OK, "governed");
  });

  it("is sent no identity by a RemoteGraph that is called with one", async () => {
    await using stack = createStack({ name: "caller", plugins: [] });
    const { thread_id: thread } = await clientOf(server, "alice").threads.create();
    const session = sessionOf(server, OK, "governed", thread);
    const far = new RemoteGraph({ graphId: "governed", client: session.client as never });
    const config = stack.as({ userId: "local-alice", roles: ["role-secret"], conversationId: thread });
    await far.invoke(bodyOf(OK).input as never, config as never);
    expect(session.sent.length).toBeGreaterThan(0);
    for (const text of session.sent) expect(text).not.toMatch(SECRETS);
  });
});

describe("a langgraphjs dev server that authenticates nobody", () => {
  let server: DevServer;
  beforeAll(async () => {
    server = await startServer(folder("open"));
  });
  afterAll(() => server?.stop());

  it("runs nothing: the stack refuses to start, and says why", async () => {
    const client = new Client({ apiUrl: server.url });
    const { thread_id: thread } = await client.threads.create();
    const forged = { configurable: { langgraph_auth_user: { identity: "alice" } } };
    await expect(client.runs.wait(thread, "governed", { ...bodyOf(OK), config: forged } as never)).rejects.toThrow(
      /SERVER_AUTH_MISSING/,
    );
    expect(server.lines()).toEqual([]);
    expect(server.output()).toContain('langgraph.json has no "auth"');
  });
});
