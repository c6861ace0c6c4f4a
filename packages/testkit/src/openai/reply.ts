import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type ClockLike, delay, untilAborted } from "../clock/wait.js";
import { type PlayedStep, readStep } from "../script/step.js";
import { closingChunks, completion, completionChunks, type CompletionContext, errorBody } from "./completion.js";
import type { OpenAIRequest, Outcome, ServerStep, StatusStep } from "./types.js";

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function sendError(response: ServerResponse, step: StatusStep): Outcome {
  const headers = {
    ...(step.retryAfter === undefined ? {} : { "retry-after": String(step.retryAfter) }),
    ...step.headers,
  };
  sendJson(
    response,
    step.status,
    errorBody(step.status, step.message ?? `Scripted status ${step.status}.`, step.code),
    headers,
  );
  return "refused";
}

/** Plays one step on one connection. */
export class Reply {
  readonly #request: OpenAIRequest;
  readonly #response: ServerResponse;
  readonly #context: CompletionContext;
  readonly #clock: ClockLike;

  constructor(request: OpenAIRequest, response: ServerResponse, context: CompletionContext, clock: ClockLike) {
    this.#request = request;
    this.#response = response;
    this.#context = context;
    this.#clock = clock;
  }

  async play(step: ServerStep): Promise<Outcome> {
    if ("status" in step) {
      await this.#pause(step.delayMs ?? 0);
      return sendError(this.#response, step);
    }
    const { breakAfter } = step;
    const played = readStep(step, `openAIServer, request ${this.#request.index}`, ["breakAfter"]);
    return this.#request.stream ? this.#stream(played, breakAfter) : this.#whole(played, breakAfter);
  }

  async #whole(step: PlayedStep, breakAfter: number | undefined): Promise<Outcome> {
    await this.#pause(step.delayMs);
    if (step.ending.kind === "hang") await untilAborted(this.#request.signal);
    if (step.ending.kind === "throw")
      return sendError(this.#response, { status: 500, message: messageOf(step.ending.error) });
    const text = JSON.stringify(completion(step, this.#context));
    this.#response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    if (breakAfter === undefined) {
      this.#response.end(text);
      return "complete";
    }
    return this.#break(text.slice(0, text.length / 2));
  }

  async #stream(step: PlayedStep, breakAfter: number | undefined): Promise<Outcome> {
    const includeUsage =
      (this.#request.body["stream_options"] as { include_usage?: unknown } | undefined)?.include_usage === true;
    if (step.ending.kind === "throw" && step.text === "" && step.calls.length === 0) {
      await this.#pause(step.delayMs);
      return sendError(this.#response, { status: 500, message: messageOf(step.ending.error) });
    }
    this.#response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" }).flushHeaders();
    let left = breakAfter ?? Infinity;
    const events = this.#events(step, includeUsage);
    for (const event of events) {
      if (left-- <= 0) return this.#break("");
      await this.#pause(step.delayMs);
      await this.#write(`data: ${event}\n\n`);
    }
    if (step.ending.kind === "hang") await untilAborted(this.#request.signal);
    if (left <= 0 && breakAfter !== undefined) return this.#break("");
    this.#response.end();
    return "complete";
  }

  *#events(step: PlayedStep, includeUsage: boolean): Generator<string> {
    for (const chunk of completionChunks(step, this.#context, includeUsage)) yield JSON.stringify(chunk);
    if (step.ending.kind === "hang") return;
    if (step.ending.kind === "throw") return yield JSON.stringify(errorBody(500, messageOf(step.ending.error)));
    for (const chunk of closingChunks(step, this.#context, includeUsage)) yield JSON.stringify(chunk);
    yield "[DONE]";
  }

  // What was written has to reach the client before the connection goes, or the client never sees a beginning.
  async #break(text: string): Promise<Outcome> {
    await new Promise<void>((resolve) => this.#response.write(text === "" ? ":\n\n" : text, () => resolve()));
    this.#response.destroy();
    return "broken";
  }

  async #write(text: string): Promise<void> {
    if (!this.#response.write(text)) await once(this.#response, "drain", { signal: this.#request.signal });
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await delay(this.#clock, ms, this.#request.signal);
    this.#request.signal.throwIfAborted();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
