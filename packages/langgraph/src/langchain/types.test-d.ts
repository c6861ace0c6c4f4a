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

asMiddleware(createStack({ plugins: [], facts: z.object({ tier: z.string() }) }));

// @ts-expect-error a plugin is no stack
asMiddleware(createMiddleware);
// @ts-expect-error a middleware has a name
fromMiddleware({ wrapToolCall: () => undefined });
