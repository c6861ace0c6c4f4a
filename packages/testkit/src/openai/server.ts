import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClockLike, realClock } from "../clock/wait.js";
import { type BoundedLog, createLog } from "../log.js";
import { callIds, createPlayer, type Player } from "../script/script.js";
import { charactersOf, readCompletionRequest, RefusedRequest } from "./body.js";
import { errorBody } from "./completion.js";
import { Reply, sendError, sendJson } from "./reply.js";
import type {
  OpenAIRequest,
  OpenAIServer,
  OpenAIServerOptions,
  Outcome,
  RecordedRequest,
  ServerStep,
} from "./types.js";

interface State {
  readonly player: Player<OpenAIRequest, OpenAIRequest, ServerStep>;
  readonly log: BoundedLog<RecordedRequest>;
  readonly clock: ClockLike;
  readonly nextId: () => string;
  readonly models: readonly string[];
  readonly maxBodyBytes: number;
}

function record(state: State, request: OpenAIRequest): { entry: RecordedRequest; end: (outcome: Outcome) => void } {
  let resolve: (outcome: Outcome) => void = () => undefined;
  const ended = new Promise<Outcome>((settle) => {
    resolve = settle;
  });
  const entry: RecordedRequest = { ...request, at: state.clock.now(), outcome: null, ended };
  const end = (outcome: Outcome): void => {
    entry.outcome ??= outcome;
    resolve(entry.outcome);
  };
  state.log.add(entry);
  return { entry, end };
}

async function complete(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort(new DOMException("the client went away", "AbortError"));
  });
  const request = await readCompletionRequest(incoming, state.maxBodyBytes, state.log.total, gone.signal);
  const { end } = record(state, request);
  const context = {
    id: `chatcmpl-${request.index}`,
    model: request.model,
    created: Math.floor(state.clock.now() / 1000),
    inputCharacters: charactersOf(request),
    nextId: state.nextId,
  };
  try {
    const step = await state.player.next(request, request, request.index);
    const outcome = await new Reply(request, response, context, state.clock).play(step);
    end(gone.signal.aborted && outcome !== "broken" ? "aborted" : outcome);
  } catch (error) {
    end(gone.signal.aborted ? "aborted" : "refused");
    throw error;
  }
}

async function handle(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
  const method = incoming.method ?? "GET";
  if (pathname === "/v1/chat/completions") {
    if (method !== "POST") throw new RefusedRequest(405, `${method} is not allowed here.`);
    return complete(state, incoming, response);
  }
  if (pathname === "/v1/models") {
    if (method !== "GET") throw new RefusedRequest(405, `${method} is not allowed here.`);
    const data = state.models.map((id) => ({ id, object: "model", created: 0, owned_by: "graphtap" }));
    return sendJson(response, 200, { object: "list", data });
  }
  throw new RefusedRequest(404, `There is nothing at ${pathname}.`);
}

// A fault of the script is the test author's: it is told to the client, as that is where the test looks.
function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) return void response.destroy();
  if (error instanceof RefusedRequest)
    return sendJson(response, error.status, errorBody(error.status, error.message), { connection: "close" });
  sendError(response, {
    status: 500,
    message: error instanceof Error ? error.message : String(error),
    headers: { "x-should-retry": "false" },
  });
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Starts a server that speaks OpenAI's chat completions, for tests with a real client and no provider: answers and event
 * streams, parallel tool calls, usage with cached and reasoning tokens, errors with retry-after, slow answers, broken
 * connections. It sees when a client goes away. Loopback only.
 *
 * @example
 * await using server = await openAIServer({ script: [{ say: "Hello" }, { status: 429, retryAfter: 1 }] });
 * const model = new ChatOpenAI({ model: "script-1", apiKey: "none", configuration: { baseURL: server.url } });
 */
export async function openAIServer(options: OpenAIServerOptions = {}): Promise<OpenAIServer> {
  const state: State = {
    player: createPlayer(options.script ?? (() => ({ say: "ok" })), options.whenDone ?? "throw", "openAIServer"),
    log: createLog(options.keep ?? 1_000),
    clock: options.clock ?? realClock,
    nextId: callIds(),
    models: options.models ?? ["script-1"],
    maxBodyBytes: options.maxBodyBytes ?? 10 * 1_048_576,
  };
  const server = createServer((incoming, response) => {
    handle(state, incoming, response).catch((error: unknown) => fail(response, error));
  });
  const port = await listen(server, options.port ?? 0);
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> =>
    (closing ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests: state.log.items,
    get requestCount() {
      return state.log.total;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
