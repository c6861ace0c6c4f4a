import { scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import {
  audit,
  composition,
  content,
  createStack,
  dashboard,
  metrics,
  perf,
  type PluginInput,
  security,
} from "graphtap";
import { z } from "zod";

/** All seven, each as an application would have it. */
export const PLUGINS = {
  metrics: () => metrics(),
  security: () =>
    security({
      tools: {
        search: { level: "read" },
        refund: { level: "write" },
        files: { method: "method", methods: { read: "read", delete: "admin" } },
      },
    }),
  content: () => content(),
  audit: () => audit(),
  performance: () => perf({ compression: { maxTokens: 2_000 } }),
  composition: () => composition(),
  dashboard: () => dashboard(),
} as const satisfies Record<string, () => PluginInput>;
export type PluginName = keyof typeof PLUGINS;
export const NAMES = Object.keys(PLUGINS) as readonly PluginName[];

/** A key that must never be shown: the content plugin knows its form. */
export const SECRET = "sk-proj-4f9Qw7Lm2Zx8Rt6Yp1Vb3Nc5Kd0Hs7Jg";

export function stackOf(names: readonly PluginName[]) {
  return createStack({
    name: `system-${names.join("-")}`,
    facts: z.object({ tier: z.enum(["free", "premium"]).optional() }),
    plugins: names.map((name) => PLUGINS[name]() as PluginInput),
  });
}
export type SystemStack = ReturnType<typeof stackOf>;

/** What a workflow is made of: made once, so that the same parts are the same workflow. */
export function makeParts() {
  const search = scriptedTool("search", ({ q }) => `found ${q}`, { schema: z.object({ q: z.string() }) });
  const refund = scriptedTool("refund", ({ q }) => `paid back ${q}`, { schema: z.object({ q: z.string() }) });
  /** Calls the tool that the question names, with the word after it; else it repeats the question. */
  const llm = scriptedModel((messages): Step => {
    const last = messages.at(-1);
    if (last?.type === "tool") return { say: `result: ${last.text}`, usage: { input: 7, output: 3 } };
    const asked = last?.text ?? "";
    const match = /\b(search|refund) (\S+)/.exec(asked);
    return match === null
      ? { say: `heard: ${asked}`, usage: { input: 5, output: 2 } }
      : { call: { name: match[1] as string, args: { q: match[2] } }, usage: { input: 6, output: 1 } };
  });
  return { llm, tools: [search, refund] as const };
}
export const ask = (text: string) => ({ messages: [{ role: "user" as const, content: text }] });
