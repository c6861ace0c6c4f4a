import { createStack, type Workflow } from "@graphtap/langgraph";
import type { StructuredToolInterface } from "@langchain/core/tools";
import { perf } from "./plugin.js";

const stack = createStack({ plugins: [perf()] });
const { workflows, tools } = stack.get(perf);
declare const llm: { invoke(): Promise<unknown> };
const recipe = { providerName: "openai", workflowType: "rag", config: {} };
const spec = { mode: "plain" as const, llm };

// What is built can be run as it is, and what was put there once it is said what that was.
const built = await workflows.getOrBuild(recipe, () => stack.createWorkflow(spec));
await built.invoke({ messages: [] });
const found = workflows.get<Workflow>(recipe);
await found?.invoke({ messages: [] });
// @ts-expect-error nobody said that it can be run
await workflows.get(recipe)?.invoke({ messages: [] });

// A loaded tool goes where tools go.
const calculator = await tools.getTool<StructuredToolInterface>("calculator");
const { tools: both, byName } = await tools.getTools<StructuredToolInterface>(["calculator", "web_search"]);
await stack.createWorkflow({ ...spec, mode: "tools", tools: [calculator] });
await stack.createWorkflow({ ...spec, mode: "tools", tools: both });
byName.get("calculator") satisfies StructuredToolInterface | undefined;
