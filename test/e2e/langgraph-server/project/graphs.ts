import { appendFileSync, existsSync } from "node:fs";
import {
  allHooks,
  createStack,
  definePlugin,
  fromLangGraphServer,
  type Plugin,
  type RunContext,
} from "@graphtap/langgraph";
import { getConfig } from "@langchain/langgraph";
import { modelGuard, outputGuard, policy } from "../../../parity-modes/guards.js";
import { lineOf } from "../../../parity-modes/record.js";
import { buildWorkflow, type Signals } from "../../../parity-modes/workflow.js";

const events = process.env["GRAPHTAP_TEST_EVENTS"] ?? "events.jsonl";
const write = (line: object): void => appendFileSync(events, `${JSON.stringify(line)}\n`);

/** Tells the test in its own process what is seen in this one. */
const toFile = definePlugin({
  name: "test-to-file",
  version: "1.0.0",
  identity: "none",
  setup(api) {
    for (const def of allHooks) {
      if (def.kind !== "series") continue;
      const tap = (value: unknown, context: RunContext): void => write(lineOf(def.name, value, context));
      api.tap(def, tap as never);
    }
  },
});

/** Many conversations go on at once: the code inside one knows it by LangGraph's own config. */
const threadId = (): unknown => getConfig()?.configurable?.["thread_id"];

const signals: Signals = {
  reached: () => write({ hook: "point.reached", threadId: threadId() }),
  // Asked for when something begins to wait: until the test puts the file there.
  get released() {
    const file = `${events}.release.${String(threadId())}`;
    return new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (!existsSync(file)) return;
        clearInterval(timer);
        resolve();
      }, 20);
    });
  },
};

const stackOf = (name: string, plugins: readonly Plugin[]) =>
  createStack({
    name,
    // A run that is denied its resume is somebody else's: whose the thread is would refuse it first.
    threads: "open",
    identity: fromLangGraphServer({
      map(user) {
        if (user.identity === "ghost") throw new Error("nobody of that name works here");
        return { userId: user.identity, tenantId: String(user["tenant"]), roles: user.permissions ?? [] };
      },
    }),
    plugins: [policy(), ...plugins, toFile()],
  });

const plain = stackOf("plain", []);
const strict = stackOf("strict", [modelGuard(), outputGuard()]);

export const governed = plain.wrap(
  buildWorkflow({ signals, throughModel: (model) => plain.wrapModel(model) }).builder.compile({ name: "parity" }),
);
export const observed = plain.wrap(buildWorkflow({ signals }).builder.compile({ name: "parity" }));
export const guarded = strict.wrap(
  buildWorkflow({ signals, throughModel: (model) => strict.wrapModel(model) }).builder.compile({ name: "parity" }),
);
