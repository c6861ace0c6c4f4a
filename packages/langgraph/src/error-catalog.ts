import type { CatalogEntry } from "@graphtap/kernel";

/** Every code that this package throws, denies or ends a call with, in alphabetical order. */
export const errorCatalog = Object.freeze({
  APPROVAL_NOT_POSSIBLE: {
    title: "An approval was asked for where no run can pause.",
    why: "A guard escalated a bare tool call, a model call, or a call that changed after it was judged; only a ToolNode's call inside a graph with a checkpointer can wait for a human.",
    do: "Call the tool through a ToolNode of a wrapped graph with a checkpointer, or let the guard deny instead.",
  },
  APPROVAL_REJECTED: {
    title: "A human said no to a tool call.",
    why: "The resume payload carried a reject decision.",
    do: "Nothing: the model was told and goes on.",
  },
  APPROVAL_VOID: {
    title: "An approval did not fit the call it was given for.",
    why: "The arguments changed between the question and the answer, the decision renamed the tool, or the resume payload held no decision.",
    do: 'Resume with new Command({ resume: { decisions: [{ type: "approve" }] } }) for the interrupt at hand.',
  },
  ARGUMENTS_CHANGED: {
    title: "A tool was about to run with other arguments than were judged.",
    why: "Something between the gate and the tool's own _call changed them (an overridden call(), a callback).",
    do: "Change arguments in a tool.prepare tap: they are judged after it.",
  },
  ARGUMENTS_INVALID: {
    title: "A tool call that its schema refuses was denied.",
    why: "The tool has an invoke of its own and need not check its schema: what cannot be parsed cannot be judged, and it would run.",
    do: "Send arguments that fit the schema, or make the tool with tool() of @langchain/core/tools, which checks them itself.",
  },
  ARGUMENTS_UNREADABLE: {
    title: "A tool call could not be judged.",
    why: "Its arguments are cyclic, deeper than 32 levels, larger than 10,000 values or 1 MiB, throw when read, or hold a class instance or function, which could change after it was judged.",
    do: "Send plain, bounded data; hand large things over by reference.",
  },
  IDENTITY_CHANGED: {
    title: "A run tried to become somebody else.",
    why: "Inside a run only a narrower identity is accepted: the same user with fewer roles, or a service on behalf of that user. Or code runs in one user's run with a config of another's, as a queue that both share makes it do.",
    do: "Drop stack.as(...) inside the run, or start a run of its own outside of it; queue AsyncResource.bind(job) of node:async_hooks.",
  },
  IDENTITY_EXPIRED: {
    title: "An identity was too old to start a run.",
    why: "What stack.as returns is per request: roles may change.",
    do: 'Call stack.as(...) where the request arrives, not at module level. Services never expire: stack.as({ service: "name" }).',
  },
  IDENTITY_INVALID: {
    title: "stack.as was given something that names nobody.",
    why: "A key is missing, unknown or of the wrong type.",
    do: 'stack.as({ userId: "alice", tenantId, roles, conversationId }), or { service: "name" }.',
  },
  IDENTITY_MISSING: {
    title: "A run was refused: nobody is running it.",
    why: "The stack has a guard and the run config carries no identity. { ...stack.as(user), configurable: {...} } loses it: the spread replaces configurable.",
    do: 'graph.invoke(input, stack.as({ userId }, { configurable: { thread_id } })). On LangGraph Server: createStack({ identity: fromLangGraphServer() }). For a public chat: anonymous: "no-tools".',
    example: "await support.invoke(input, stack.as({ userId: session.userId }, { configurable: { thread_id } }));",
  },
  IDENTITY_NOT_ISSUED: {
    title: "The identity in a config was not made by this stack.",
    why: "It came from JSON, from a client, or from another stack. Identities live in one process and are not sent over the wire.",
    do: "Send your own session token, verify it, and call stack.as(...) in the process that runs the graph.",
  },
  IDENTITY_THREAD_CONFLICT: {
    title: "Two conversations were named at once.",
    why: "conversationId and configurable.thread_id differ.",
    do: "Give one of them.",
  },
  KILL_NOT_HELD: {
    title: "GRAPHTAP_KILL is set for a stack that has nothing to deny with.",
    why: "The plugin security holds to it. Without one the tools that somebody switched off would go on running.",
    do: "Add security() to plugins, or start without GRAPHTAP_KILL.",
    example: "createStack({ plugins: [metrics(), security()] });",
  },
  MIDDLEWARE_INVALID: {
    title: "The LangChain bridge was given something it cannot use.",
    why: "asMiddleware takes a stack, fromMiddleware takes a middleware made by createMiddleware.",
    do: "asMiddleware(createStack({ plugins })), fromMiddleware(createMiddleware({ name, wrapToolCall })).",
  },
  MIDDLEWARE_UNSUPPORTED: {
    title: "A LangChain middleware needs something that a plugin does not have.",
    why: "A plugin works in graphs that are no agents: it adds no nodes, no state and no tools, cannot jump, and cannot exchange the model or the tool of a call.",
    do: "Give the middleware to createAgent itself, and wrap the agent: stack.wrap(createAgent({ middleware: [it] })).",
  },
  MODEL_NOT_CONTROLLED: {
    title: "A model was called that the stack cannot control.",
    why: "A plugin must be able to stop or change model calls, and this model is closed over in a node.",
    do: "const model = stack.wrapModel(rawModel), and use only `model` in the node.",
  },
  RESULT_WITHHELD: {
    title: "What a tool or a model returned was withheld.",
    why: "A filter of a plugin (a tool.result or model.result tap) failed. What could not be filtered is not shown.",
    do: "The reason in the log or the audit names the plugin.",
  },
  RUNTIME_UNSUPPORTED: {
    title: "createStack() was called where hooks would not work.",
    why: "It needs Node 20.19 or later and an AsyncLocalStorage that works; edge runtimes and browsers have no such thing, and the /web entry points of LangChain go without it.",
    do: 'Run it in Node. Next.js: export const runtime = "nodejs". Import @langchain/langgraph, not @langchain/langgraph/web.',
    example: 'export const runtime = "nodejs";   // route.ts of Next.js',
  },
  RUN_CALLED_TWICE: {
    title: "A plugin tried to execute a run a second time.",
    why: "A run.call tap called next() twice; a run's steps, checkpoints and tool calls must happen once.",
    do: "Call next() at most once; to retry, invoke the graph again from outside.",
  },
  RUN_OVER: {
    title: "A tool was called with the context of a finished run.",
    why: "A timer, a queue or a forgotten promise outlived its run.",
    do: "Await the work inside the run, or call the tool with stack.as(...) of its own.",
  },
  SERVER_AUTH_MISSING: {
    title: "fromLangGraphServer() refused to start: this server does not authenticate its callers.",
    why: "Then a client may put any langgraph_auth_user into its own request.",
    do: '"auth": { "path": "./src/auth.ts:auth" } in langgraph.json. Authenticated by a gateway that strips that key? fromLangGraphServer({ verifiedBy: "proxy" }).',
  },
  STACK_DUPLICATE: {
    title: "Two live stacks have one name.",
    why: "The module that creates it was loaded twice: a dev server reloaded it, it was bundled and imported, or each request makes one. Each has its own metrics, limits and taps.",
    do: "Keep it on globalThis, create it once per process, or dispose the old one. Two on purpose: give them two names.",
    example:
      "const kept = globalThis as { support?: ReturnType<typeof make> };\nexport const stack = (kept.support ??= make());",
  },
  STACK_NOT_STRICT: {
    title: "A stack refused to start because GRAPHTAP_STRICT is 1 and it has warnings.",
    why: "With it every warning of the start counts: STACK_DUPLICATE, TAP_DEAD.",
    do: "Correct what the message lists, or start without GRAPHTAP_STRICT.",
  },
  STACK_OPTIONS_INVALID: {
    title: "createStack was given wrong options.",
    why: "A key is unknown or of the wrong type. The message has a line for each: where, what was expected, what was got.",
    do: 'createStack({ name: "support", plugins: [metrics(), security()] })',
  },
  TAP_DEAD: {
    title: "A plugin taps a hook that nobody fires.",
    why: "The name is misspelt, or the plugin is for another host. The tap never runs.",
    do: "Correct the hook. If your application fires it, declare it.",
    example: "createStack({ hooks: [ticketTriage], plugins });",
  },
  THREAD_ID_MISSING: {
    title: "A run has a checkpointer and no conversation to store into.",
    why: "Neither conversationId nor configurable.thread_id was given.",
    do: 'stack.as({ userId, conversationId: "c-1" }), or compile the graph without a checkpointer.',
  },
  THREAD_NOT_YOURS: {
    title: "Somebody asked for another one's conversation.",
    why: "Where a guard is installed a thread belongs to the tenant and the user who wrote to it first; a service or an approver acts for the user behind it.",
    do: 'Take the id from your own records, not from the client. To resume for its owner: stack.as({ userId: "approver", onBehalfOf: { userId: "alice" } }). For threads that many share: createStack({ threads: "open" }).',
  },
  TOOL_ERROR: {
    title: "A tool ended with an error.",
    why: "The tool threw, or returned a message with status error. It was allowed to run.",
    do: "The tool.end event, and the message in the state, hold what the tool said.",
  },
  TOOL_NOT_FOUND: {
    title: "The model called a tool that there is not.",
    why: "The ToolNode has no tool of that name: nothing was judged and nothing ran. The model was told so, or the node threw.",
    do: "Where the name is right, give the tool to the node, or bring it in a middleware's wrapToolCall; else say in the prompt which tools there are.",
  },
  TOOL_UNGUARDED: {
    title: "A tool was called without passing the gate.",
    why: "A node called the original tool object, not the one the stack wrapped; code inside a node is out of wrap's reach.",
    do: "const [search] = stack.wrapTools([rawSearch]), and use only `search` from then on.",
  },
  WORKFLOW_COMPILE_INVALID: {
    title: "A workflow was not compiled.",
    why: "A workflow.compile tap answered with something that is no compiled graph.",
    do: "Return next(definition), or { compiled } with a graph that next gave earlier.",
  },
  WORKFLOW_IDENTITY: {
    title: "Somebody was named when a workflow was created.",
    why: "A compiled graph is shared between users, so it holds nobody's id.",
    do: "Say who runs it per run: workflow.invoke(input, stack.as({ userId, conversationId })).",
    example:
      "const qa = await stack.createWorkflow({ llm });\nawait qa.invoke(input, stack.as({ userId: session.userId, conversationId }));",
  },
  WORKFLOW_MEMORY_WINDOW: {
    title: "A memory window is out of range.",
    why: "memoryWindow counts messages: a whole number from 1 to 10,000.",
    do: "memoryWindow: 20",
  },
  WORKFLOW_MODEL_UNUSABLE: {
    title: "A workflow was given no model that it can use.",
    why: "It takes a chat model or a binding around one, and in the modes tools and full one with bindTools; anything else would run ungoverned.",
    do: 'llm: new ChatOpenAI({ model: "gpt-5-mini" })',
  },
  WORKFLOW_OPTION_CONFLICT: {
    title: "Two options of a workflow contradict each other.",
    why: "llm and model (or systemMessage and systemPrompt) are two words for one thing, and what a mode never uses would be silently ignored.",
    do: "Leave one of them out, or change the mode.",
  },
  WORKFLOW_OPTION_TYPE: {
    title: "An option of a workflow has the wrong type.",
    why: "The issue says what was expected and what was found.",
    do: "stack.validate(spec) lists every issue at once.",
  },
  WORKFLOW_OPTION_UNKNOWN: {
    title: "A workflow was given an option that does not exist.",
    why: "A misspelt option would silently do nothing.",
    do: "Use the name that the issue proposes.",
  },
  WORKFLOW_OPTIONS_INVALID: {
    title: "createWorkflow was given wrong options.",
    why: "Several of them are wrong; details.issues holds each with its own code.",
    do: "stack.validate(spec) lists every issue at once.",
  },
  WORKFLOW_RETRIEVAL_INVALID: {
    title: "A workflow's retriever gave something that is no list of documents.",
    why: "Each item needs pageContent; metadata is optional.",
    do: 'invoke: async (question) => [{ pageContent: "...", metadata: { source: "..." } }]',
  },
  WORKFLOW_RETRIEVER_MISSING: {
    title: "A workflow that retrieves has no retriever.",
    why: "The modes rag and full retrieve before the model answers.",
    do: 'retriever: vectorStore.asRetriever(), or mode: "plain".',
  },
  WORKFLOW_TOOL_DUPLICATE: {
    title: "Two tools of a workflow have one name.",
    why: "The model calls tools by name: the second could never run.",
    do: "Rename one of them.",
  },
  WORKFLOW_TOOL_UNUSABLE: {
    title: "A tool of a workflow cannot be called.",
    why: "It has no invoke method, or a name that providers refuse.",
    do: 'tool(fn, { name: "search_help", description, schema }) of @langchain/core/tools.',
  },
  WORKFLOW_TOOLS_MISSING: {
    title: "A workflow that calls tools has none.",
    why: "The modes tools and full need at least one tool.",
    do: 'tools: [search], or mode: "plain".',
  },
  WRAP_FOREIGN_STACK: {
    title: "A graph wrapped by one stack was given to another.",
    why: "Two gates around one graph would judge and count everything twice.",
    do: "Wrap the original graph, or use one stack.",
  },
  WRAP_REMOTE: {
    title: "stack.wrap() was given a RemoteGraph.",
    why: "Its nodes, models and tools run on that server; guards here would never see them, so this would only look safe.",
    do: "Wrap the graph in the server's source (langgraph.json export). Here it may be a node of a wrapped graph.",
  },
  WRAP_UNSUPPORTED: {
    title: "stack.wrap() was given something it cannot run plugins in.",
    why: "It takes a compiled graph, a StateGraph, an entrypoint or a createAgent agent; a ToolNode in it must be constructible.",
    do: "stack.wrap(await buildAgent()). A tool: stack.wrapTool(t). A chat model: stack.wrapModel(m).",
  },
} satisfies Record<string, CatalogEntry>);

/** The codes of this package. */
export type BindingErrorCode = keyof typeof errorCatalog;
