import { createAgent, createMiddleware, toolRetryMiddleware } from "langchain";
import { z } from "zod";
import { createStack } from "../index.js";
import { asMiddleware, fromMiddleware } from "../langchain.js";
import { scriptedModel } from "@graphtap/testkit";

const stack = createStack({
  plugins: [
    fromMiddleware(toolRetryMiddleware({ maxRetries: 2 })),
    fromMiddleware(createMiddleware({ name: "m", wrapToolCall: (r, h) => h(r) }), { key: "b" }),
  ],
});
const agent = createAgent({ model: scriptedModel([]), tools: [], middleware: [asMiddleware(stack)] });
const wrapped: typeof agent = stack.wrap(agent);
const out = await wrapped.invoke({ messages: [{ role: "user", content: "x" }] }, stack.as({ userId: "alice" }));
const text: string | undefined = out.messages.at(-1)?.text;

// A context that the agent requires stays required through `as`, written in place too.
const tenanted = createAgent({ model: scriptedModel([]), tools: [], contextSchema: z.object({ tenant: z.string() }) });
const governed: typeof tenanted = stack.wrap(tenanted);
await governed.invoke({ messages: [] }, stack.as({ userId: "alice" }, { context: { tenant: "acme" } }));
// @ts-expect-error no context
await governed.invoke({ messages: [] }, stack.as({ userId: "alice" }));
// @ts-expect-error no context beside other things
await governed.invoke({ messages: [] }, stack.as({ userId: "alice" }, { tags: ["x"] }));

asMiddleware(createStack({ plugins: [], facts: z.object({ tier: z.string() }) }));

// @ts-expect-error a plugin is no stack
asMiddleware(createMiddleware);
// @ts-expect-error a middleware has a name
fromMiddleware({ wrapToolCall: () => undefined });
