import { Client } from "@langchain/langgraph-sdk";
import { START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { createStack } from "@graphtap/langgraph";
import { recordHooks } from "@graphtap/testkit";
import type { OutcomeName } from "../../parity-modes/golden.js";
import { policy } from "../../parity-modes/guards.js";
import type { Outcome } from "../../parity-modes/outcomes.js";
import { label, lineOf } from "../../parity-modes/record.js";
import { State } from "../../parity-modes/workflow.js";
import type { DevServer } from "./start.js";

/** One conversation with the server. */
export interface Session {
  readonly server: DevServer;
  readonly outcome: Outcome;
  readonly client: Client;
  readonly thread: string;
  readonly graph: "governed" | "observed" | "guarded";
  /** Bodies of all requests. */
  readonly sent: readonly string[];
  /** Resolves when code inside the run has come to its point. */
  point(): Promise<void>;
}

/** What a run is given: an input, or a command. */
export interface Body {
  readonly input?: Record<string, unknown>;
  readonly command?: { readonly resume: unknown };
}

/** What came back. */
export interface Taken {
  /** The error that the caller was shown, in whatever form. */
  readonly error: string | null;
  readonly received: unknown;
  /** How the run around a remote one ended, where a stack of the caller's own saw it. */
  readonly around?: readonly string[];
}

export interface ServerRoute {
  readonly name: string;
  readonly unable?: Partial<Record<OutcomeName, string>>;
  /** A conversation cannot go on. */
  readonly once?: true;
  /** A pause comes to the caller as LangGraph's interrupt, for a graph around it to hand on. */
  readonly interrupts?: true;
  take(session: Session, body: Body): Promise<Taken>;
}

const STAYS = "the caller waits for one answer and cannot leave";
const REMOTE_GOES_ON = "RemoteGraph does not ask the server to cancel when its caller leaves";

const ok = (received: unknown): Taken => ({ error: null, received });
const failed = (error: unknown): Taken => ({ error: String(error), received: null });

const streamed = (mode: string | readonly string[]): ServerRoute => ({
  name: `runs.stream ${typeof mode === "string" ? mode : "all modes"}`,
  async take({ client, thread, graph, outcome, point }, body) {
    const received: { event: string; data: unknown }[] = [];
    const gone = new AbortController();
    const chunks = client.runs.stream(thread, graph, {
      ...body,
      streamMode: mode as never,
      streamSubgraphs: typeof mode !== "string",
      onDisconnect: "cancel",
      signal: gone.signal,
    } as never) as AsyncIterable<{ event: string; data: unknown }>;
    for await (const chunk of chunks) {
      received.push(chunk);
      if (outcome.driver !== "leave" || chunk.event === "metadata") continue;
      await point();
      // A break alone leaves the connection to the SDK; a client that goes away closes it.
      gone.abort();
      break;
    }
    const error = received.find(({ event }) => event === "error");
    return { error: error === undefined ? null : JSON.stringify(error.data), received };
  },
});

const MODES = ["values", "updates", "messages", "messages-tuple", "custom", "debug", "tasks", "checkpoints", "events"];

const remote = (session: Session): RemoteGraph =>
  new RemoteGraph({ graphId: session.graph, client: session.client as never });
const config = ({ thread }: Session): { configurable: { thread_id: string } } => ({
  configurable: { thread_id: thread },
});

async function remoteInput({ input, command }: Body): Promise<never> {
  if (command === undefined) return input as never;
  const { Command } = await import("@langchain/langgraph");
  return new Command(command) as never;
}

/** Reads a RemoteGraph's chunks; a run that fails there throws here. */
async function readRemote(chunks: AsyncIterable<unknown>): Promise<unknown[]> {
  const received: unknown[] = [];
  for await (const chunk of chunks) received.push(chunk);
  return received;
}

export const SERVER_ROUTES: readonly ServerRoute[] = [
  {
    name: "runs.wait",
    unable: { "early break": STAYS },
    take: ({ client, thread, graph }, body) => client.runs.wait(thread, graph, body as never).then(ok, failed),
  },
  {
    name: "runs.create and join",
    unable: { "early break": STAYS },
    async take({ client, thread, graph }, body) {
      const { run_id: run } = await client.runs.create(thread, graph, body as never);
      await client.runs.join(thread, run).catch(() => undefined);
      const { status } = await client.runs.get(thread, run);
      return { error: status === "error" ? "the run failed" : null, received: await client.threads.getState(thread) };
    },
  },
  ...MODES.map(streamed),
  streamed(MODES),
  {
    name: "RemoteGraph invoke",
    interrupts: true,
    unable: { "early break": STAYS },
    take: async (session, body) =>
      remote(session)
        .invoke(await remoteInput(body), config(session))
        .then(ok, failed),
  },
  {
    name: "RemoteGraph stream updates",
    interrupts: true,
    unable: { "early break": REMOTE_GOES_ON },
    take: async (session, body) =>
      remote(session)
        .stream(await remoteInput(body), { ...config(session), streamMode: "updates" })
        .then((chunks) => readRemote(chunks as AsyncIterable<unknown>))
        .then(ok, failed),
  },
  {
    name: "RemoteGraph as a node of a wrapped graph",
    once: true,
    unable: { "early break": REMOTE_GOES_ON },
    async take(session, body) {
      await using stack = createStack({ name: "caller", plugins: [policy()] });
      const seen = recordHooks(stack);
      await seen.ready;
      const far = remote(session);
      const graph = new StateGraph(State)
        .addNode("far", async (state) => (await far.invoke(state as never, config(session))) as never)
        .addEdge(START, "far")
        .compile({ name: "caller" });
      return stack
        .wrap(graph)
        .invoke(body.input as never, stack.as({ userId: "local-alice", roles: ["role-secret"] }))
        .then(ok, failed)
        .then((taken) => ({
          ...taken,
          around: seen.events().map((event) => label(lineOf(event.hook, event.value, event.context))),
        }));
    },
  },
];
