import type { IncomingHttpHeaders } from "node:http";
import type { ClockLike } from "../clock/wait.js";
import type { Script, WhenDone } from "../script/script.js";
import type { Step } from "../script/step.js";

/** Ends the request with an error instead of an answer, in OpenAI's form. */
export interface StatusStep {
  readonly status: number;
  /** Seconds, sent as `retry-after`. */
  readonly retryAfter?: number;
  readonly message?: string;
  /** OpenAI's machine-readable code. Default: the usual one of the status. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds before the error. Default 0. */
  readonly delayMs?: number;
}

/** A step as for `scriptedModel` (`throw` becomes status 500), with what only a connection can do. */
export type ServerStep =
  | StatusStep
  | (Step & {
      /** Destroys the connection after so many events of a stream; without a stream, after half of the body. */
      readonly breakAfter?: number;
    });

/** What a script function learns of a request. */
export interface OpenAIRequest {
  /** Number of this completion request, from 0. */
  readonly index: number;
  readonly model: string;
  /** As sent, in OpenAI's form. */
  readonly messages: readonly { readonly role: string; readonly content?: unknown; readonly [key: string]: unknown }[];
  /** Names of the offered tools. */
  readonly tools: readonly string[];
  readonly stream: boolean;
  /** The whole body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client goes away before the answer is out. */
  readonly signal: AbortSignal;
}

/** How a request ended: `aborted` by the client, `broken` by the script. */
export type Outcome = "complete" | "refused" | "aborted" | "broken";

export interface RecordedRequest extends OpenAIRequest {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Null until it has ended. */
  outcome: Outcome | null;
  /** Resolves when it has ended. */
  readonly ended: Promise<Outcome>;
}

export type ServerScript = Script<OpenAIRequest, OpenAIRequest, ServerStep>;

export interface OpenAIServerOptions {
  /** Default: every request is answered with "ok". */
  readonly script?: ServerScript;
  /** What happens after the last step of a list. Default `throw`: status 500 that says so. */
  readonly whenDone?: WhenDone;
  /** Answered by `GET /v1/models`. Default `["script-1"]`; any model name is served. */
  readonly models?: readonly string[];
  /** Default 0: any free port. */
  readonly port?: number;
  /** Larger bodies get status 413. Default 10 MiB. */
  readonly maxBodyBytes?: number;
  /** How many requests are remembered; older ones are dropped. Default 1,000. */
  readonly keep?: number;
  /** For `delayMs`; default real time. */
  readonly clock?: ClockLike;
}

/** A running server, on the loopback interface only. */
export interface OpenAIServer extends AsyncDisposable {
  /** For `configuration: { baseURL }` of a client; ends in `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Completion requests, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** How many completion requests there were, forgotten ones included. */
  readonly requestCount: number;
  /** Ends open requests and frees the port. Idempotent. */
  close(): Promise<void>;
}
