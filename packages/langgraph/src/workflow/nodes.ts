import type { BaseMessage } from "@langchain/core/messages";
import { Runnable, type RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { bindingError } from "../errors.js";
import { described } from "./issue.js";
import { lastQuestion, type PromptParts, promptOf } from "./prompt.js";
import type { ChatModelLike, RetrieverLike } from "./spec.js";
import type { RetrievedDocument, WorkflowValues } from "./state.js";

/**
 * The model node: the conversation becomes a prompt, the reply a message. A binding around the model and no closure, so
 * that `stack.explain` can see that the model is governed.
 */
export class PromptedModel extends Runnable<WorkflowValues, { messages: BaseMessage[] }> {
  static override lc_name(): string {
    return "PromptedModel";
  }
  override lc_namespace = ["graphtap", "workflow"];
  readonly kwargs: Readonly<Record<string, unknown>> = {};

  constructor(
    readonly bound: ChatModelLike,
    readonly parts: PromptParts,
  ) {
    super();
  }

  override async invoke(state: WorkflowValues, config?: Partial<RunnableConfig>): Promise<{ messages: BaseMessage[] }> {
    const prompt = promptOf(this.parts, state.messages, state.context);
    // A function as a node would have its config around it; whoever asks for the store or the writer finds it there.
    const reply: unknown = await AsyncLocalStorageProviderSingleton.runWithConfig(config, () =>
      this.bound.invoke(prompt, config as RunnableConfig),
    );
    return { messages: [reply as BaseMessage] };
  }
}

/** The retrieve node: documents for the last question. */
export function retrieveWith(retriever: RetrieverLike, workflow: string) {
  return async (state: WorkflowValues, config: RunnableConfig): Promise<{ context: readonly RetrievedDocument[] }> => {
    const question = lastQuestion(state.messages);
    if (question === null) return { context: [] };
    return { context: documentsOf(await retriever.invoke(question, config), workflow) };
  };
}

/** Plain data, whatever class a retriever uses: the same before and after a checkpoint. */
function documentsOf(found: unknown, workflow: string): readonly RetrievedDocument[] {
  if (!Array.isArray(found)) throw retrievalInvalid(workflow, described(found));
  return found.map((item: unknown, index) => {
    const document = item as Partial<RetrievedDocument> | null;
    if (typeof document?.pageContent !== "string")
      throw retrievalInvalid(workflow, `a list whose item ${index} is ${described(item)}`);
    const { pageContent, metadata = {}, id } = document;
    return { pageContent, metadata, ...(id === undefined ? {} : { id }) };
  });
}

function retrievalInvalid(workflow: string, got: string): Error {
  return bindingError(
    "WORKFLOW_RETRIEVAL_INVALID",
    `the retriever of workflow "${workflow}" gave no documents.`,
    `It must give a list of { pageContent, metadata }, and gave ${got}.`,
  );
}
