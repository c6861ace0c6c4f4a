import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { dump } from "./dump.js";

/** Everything LangChain tells a callback, in order, awaited so that the order is the run's own. */
export class Recorder extends BaseCallbackHandler {
  override name = "recorder";
  override awaitHandlers = true;
  /** Also the steps between a chain's start and end are told only to tracers that ask. */
  readonly seen: unknown[] = [];

  constructor() {
    super({ raiseError: false });
    const log =
      (event: string) =>
      (...args: unknown[]): void => {
        this.seen.push({ event, args: dump(args) });
      };
    const events = [
      "handleChainStart",
      "handleChainEnd",
      "handleChainError",
      "handleLLMStart",
      "handleChatModelStart",
      "handleLLMNewToken",
      "handleLLMEnd",
      "handleLLMError",
      "handleToolStart",
      "handleToolEvent",
      "handleToolEnd",
      "handleToolError",
      "handleRetrieverStart",
      "handleRetrieverEnd",
      "handleCustomEvent",
      "handleText",
      "handleAgentAction",
      "handleAgentEnd",
    ];
    for (const event of events) Object.assign(this, { [event]: log(event) });
  }
}
