import type { ChatGenerationChunk } from "@langchain/core/outputs";
import type { Dispatch } from "../dispatch.js";

/** The part of LangChain's run manager by which a provider announces tokens, past whatever it yields. */
interface Announcer {
  handleLLMNewToken?(
    token: string,
    idx?: { prompt: number; completion: number },
    runId?: string,
    parentRunId?: string,
    tags?: string[],
    fields?: { chunk?: ChatGenerationChunk },
  ): Promise<void>;
}

/** Whether what the provider yields may not be what leaves: then its own announcements must not leave either. */
function mayChange({ model }: Dispatch): boolean {
  return model.stream.used || model.result.used || model.call.used;
}

/** The run manager for the provider: silent where its tokens may be filtered. */
export function muted(dispatch: Dispatch, runManager: unknown): unknown {
  if (typeof runManager !== "object" || runManager === null || !mayChange(dispatch)) return runManager;
  return Object.create(runManager, { handleLLMNewToken: { value: () => Promise.resolve() } });
}

/** Announces a chunk that may leave, as the provider would have: `messages` streams and events are made of this. */
export async function announce(
  dispatch: Dispatch,
  runManager: unknown,
  chunk: ChatGenerationChunk,
  prompt: unknown,
): Promise<void> {
  const announcer = runManager as Announcer | undefined;
  if (!mayChange(dispatch) || typeof announcer?.handleLLMNewToken !== "function") return;
  await announcer.handleLLMNewToken(
    chunk.text,
    { prompt: typeof prompt === "number" ? prompt : 0, completion: 0 },
    undefined,
    undefined,
    undefined,
    { chunk },
  );
}
