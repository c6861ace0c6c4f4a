import type { ModelName } from "./call.js";
import type { AnyModel } from "./governed.js";

/**
 * The calls of a model under a name of its owner's. What the model says of itself counts first; LangChain's base class
 * only repeats the class's name as a provider, so there the owner knows better.
 */
export function named(model: AnyModel, names: ModelName, base: AnyModel | null): AnyModel {
  return {
    _generate: (...args) => model._generate(...args),
    _streamResponseChunks: (...args) => model._streamResponseChunks(...args),
    ...(model._streamChatModelEvents === undefined
      ? {}
      : { _streamChatModelEvents: (...args) => model._streamChatModelEvents?.(...args) as AsyncGenerator<unknown> }),
    getLsParams(options) {
      const said = model.getLsParams?.(options) ?? {};
      const provider =
        model.getLsParams === base?.getLsParams
          ? (names.provider ?? said.ls_provider)
          : (said.ls_provider ?? names.provider);
      const name = said.ls_model_name ?? names.model;
      return {
        ...said,
        ...(provider == null ? {} : { ls_provider: provider }),
        ...(name == null ? {} : { ls_model_name: name }),
      };
    },
  };
}
