import { definePlugin, deny, escalate, hooks } from "@graphtap/langgraph";
import type { Topic } from "./workflow.js";

/** Refuses refunds, has wires approved, and refuses mallory everything. It judges, so a run needs an identity. */
export const policy = definePlugin({
  name: "test-policy",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.tool.authorize, ({ name }) => {
      if (name === "wire") return escalate({ reason: "money leaves the house" });
      return name === "refund" ? deny("NOT_GRANTED", "Not available.") : undefined;
    });
    api.tap(hooks.run.admit, (_request, run) =>
      run.principal?.userId === "mallory" ? deny("NO_ROOM", "Come back later.") : undefined,
    );
  },
});

const topicOf = (messages: readonly { type: string; text: string }[]): string | undefined =>
  messages.findLast((message) => message.type === "human")?.text;

/** Refuses the model to one kind of question. With it in place a closed-over model is refused whatever it is asked. */
export const modelGuard = definePlugin({
  name: "test-model-guard",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.model.authorize, (call) =>
      topicOf(call.messages) === ("denied model" satisfies Topic) ? deny("NO_MODEL", "No model for this.") : undefined,
    );
  },
});

/** Refuses one output. */
export const outputGuard = definePlugin({
  name: "test-output-guard",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.run.output, ({ value }) =>
      topicOf((value as { messages: [] }).messages) === ("denied output" satisfies Topic)
        ? deny("NOT_TO_BE_SAID", "This cannot be said.")
        : undefined,
    );
  },
});
