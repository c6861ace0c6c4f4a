import { createStack, definePlugin, defineService } from "@graphtap/langgraph";
import { Annotation } from "@langchain/langgraph";
import { composition } from "./plugin.js";
import type { AnyGraph } from "./members/graph.js";

// Every stack has the service that composition needs, and still not those that nobody provides.
const stack = createStack({ plugins: [composition({ maxConcurrency: 4 })] });
const Billing = defineService<{ bill(): void }>()("acme.billing");
const needy = definePlugin({ name: "acme-needy", version: "1.0.0", requires: [Billing], setup: () => undefined });
// @ts-expect-error nothing provides acme.billing
createStack({ plugins: [composition(), needy()] });
// @ts-expect-error no such option
composition({ maxTime: 3 });

const manager = stack.get(composition);
declare const graph: AnyGraph;

// The state has what was declared.
const scored = await manager.createCompositeWorkflow({
  workflows: [graph],
  state: Annotation.Root({ score: Annotation<number>() }),
});
const out = await scored.invoke({ messages: [], score: 1 });
out.score satisfies number;
out.outcomes[0]?.status satisfies "ok" | "error" | "skipped" | "fallback" | "cancelled" | undefined;
// @ts-expect-error a number
await scored.invoke({ messages: [], score: "1" });
// @ts-expect-error no such strategy
await manager.createCompositeWorkflow({ workflows: [graph], executionStrategy: "race" });
const when = { path: "x", in: "premium" } as const;
// @ts-expect-error in takes a list
await manager.createConditionalWorkflow({ conditions: [{ name: "x", when }], workflowConfigs: { x: graph } });
const mine = { x: { userId: "alice" } };
// @ts-expect-error who runs it is said per run
await manager.createConditionalWorkflow({ conditions: { x: 1 }, workflowConfigs: mine });
