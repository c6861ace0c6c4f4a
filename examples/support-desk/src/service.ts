import type { ChatOpenAI } from "@langchain/openai";
import type { AdvancedWorkflowManager, LazyToolLoader } from "graphtap";
import { composition, dashboard, GraphTapError, isDenied, metrics, perf } from "graphtap";
import { openLibrary } from "./library.js";
import { type Notes, deskNotes } from "./notes.js";
import { createDeskStack, type DeskStack, grantRights } from "./stack.js";
import { deskTools, webSearch } from "./tools.js";

const PROMPT = "You are the support desk of a small shop. Use the tools and the help centre; never guess.";

/** `auto`: chosen per run by the user's tier and the question. `incident`: several workflows as one. */
export type WorkflowType = "auto" | "plain" | "rag" | "tools" | "full" | "incident";

/** What the service runs: any compiled graph of the stack. */
export interface Runnable {
  invoke(input: never, config?: never): Promise<unknown>;
}

export interface Runner {
  readonly userId: string;
  readonly conversationId?: string;
  readonly roles?: readonly string[];
  /** Facts about the user that rules may read. */
  readonly userTier?: "free" | "premium" | "enterprise";
  readonly signal?: AbortSignal;
}

/** How a run ended. Whatever went wrong, the caller gets a text that can be shown, and a code. */
export interface SafeResult {
  readonly ok: boolean;
  readonly text: string;
  /** Code of a refusal or failure; null when there was none. */
  readonly code: string | null;
  /** Codes of the tool calls that were denied while the run went on. */
  readonly denied: readonly string[];
  readonly state: Readonly<Record<string, unknown>> | null;
}

interface Message {
  readonly type: string;
  readonly text: string;
  readonly artifact?: { readonly graphtap?: { readonly code?: string } };
}

/** The document's EnhancedWorkflowService: every plugin behind four methods. */
export class EnhancedWorkflowService {
  readonly stack: DeskStack;
  readonly #llm: ChatOpenAI;
  readonly #library: Awaited<ReturnType<typeof openLibrary>>;
  readonly #tools: unknown[];

  private constructor(llm: ChatOpenAI, library: Awaited<ReturnType<typeof openLibrary>>) {
    this.stack = createDeskStack();
    this.#llm = llm;
    this.#library = library;
    const loader: LazyToolLoader = this.stack.get(perf).tools;
    loader.register("web_search", webSearch.load, webSearch);
    // The same objects each time: a workflow made of the same parts is the same workflow, and comes from the cache.
    this.#tools = [...deskTools(), loader.lazy("web_search")];
    grantRights(this.stack);
    this.stack.get(metrics).on("run.ended", ({ workflowId }) => this.notes.ended(workflowId));
  }

  static async open(llm: ChatOpenAI): Promise<EnhancedWorkflowService> {
    return new EnhancedWorkflowService(llm, await openLibrary());
  }

  get notes(): Notes {
    return this.stack.get(deskNotes);
  }
  get compositions(): AdvancedWorkflowManager {
    return this.stack.get(composition);
  }

  /**
   * A workflow of the desk. Nobody is in it: the same one serves every user, and who runs it is said to
   * {@link executeWorkflowSafely}. `context` holds constants for the rules of `auto`.
   */
  async createEnhancedWorkflow({
    workflowType = "auto",
    context,
  }: {
    readonly workflowType?: WorkflowType;
    readonly context?: Readonly<Record<string, unknown>>;
  } = {}): Promise<Runnable> {
    const parts = { llm: this.#llm, systemMessage: PROMPT };
    const [tools, retriever] = [this.#tools as never[], this.#library];
    switch (workflowType) {
      case "auto":
        return this.compositions.createWorkflowFromTemplate({
          template: "adaptive_support",
          ...parts,
          tools,
          retriever,
          ...(context === undefined ? {} : { context }),
        }) as Promise<unknown> as Promise<Runnable>;
      case "incident":
        return this.#incident();
      case "plain":
        return this.stack.createWorkflow({ name: "desk-plain", mode: "plain", ...parts });
      case "rag":
        return this.stack.createWorkflow({ name: "desk-rag", mode: "rag", ...parts, retriever });
      case "tools":
        return this.stack.createWorkflow({ name: "desk-tools", mode: "tools", ...parts, tools, enableMemory: true });
      case "full":
        return this.stack.createWorkflow({
          name: "desk-full",
          mode: "full",
          ...parts,
          tools,
          retriever,
          enableMemory: true,
        });
    }
  }

  /** An incident report: two workflows side by side, then one that puts them together. */
  #incident(): Promise<Runnable> {
    const llm = this.#llm;
    return this.compositions.createCompositeWorkflow({
      name: "incident-report",
      llm,
      retriever: this.#library,
      executionStrategy: "sequential",
      workflows: [
        {
          name: "gather",
          workflow: {
            executionStrategy: "parallel",
            workflows: [
              { name: "facts", workflow: { mode: "rag", systemMessage: "Say what the help centre knows of it." } },
              { name: "mood", workflow: { mode: "plain", systemMessage: "Say in a word how upset the customer is." } },
            ],
          },
        },
        { name: "report", workflow: { mode: "plain", systemMessage: "Write the report from what was gathered." } },
      ],
    }) as Promise<unknown> as Promise<Runnable>;
  }

  /** Runs a workflow as somebody. Never throws: a refusal or a failure is a result with a code. */
  async executeWorkflowSafely(workflow: Runnable, initialState: unknown, who: Runner): Promise<SafeResult> {
    const { userId, conversationId, roles, userTier, signal } = who;
    try {
      const config = this.stack.as(
        {
          userId,
          roles: [...(roles ?? ["customer"])],
          ...(conversationId === undefined ? {} : { conversationId }),
          ...(userTier === undefined ? {} : { user_tier: userTier }),
        },
        signal === undefined ? undefined : { signal },
      );
      const state = (await workflow.invoke(initialState as never, config as never)) as {
        messages?: readonly Message[];
      };
      const messages = state.messages ?? [];
      const turn = messages.slice(messages.findLastIndex(({ type }) => type === "human"));
      const denied = turn.filter(isDenied).map(({ artifact }) => artifact?.graphtap?.code ?? "DENIED");
      return { ok: true, text: messages.at(-1)?.text ?? "", code: null, denied, state };
    } catch (error) {
      const code = GraphTapError.isInstance(error) ? error.code : "FAILED";
      const text = "This did not work. The desk has been told; please try again later.";
      return { ok: false, text, code, denied: [], state: null };
    }
  }

  getUserDashboard(userId: string, roles: readonly string[] = ["customer"]) {
    return this.stack.get(dashboard).getUserDashboard({ userId, roles });
  }
  getSystemHealth() {
    return this.stack.get(dashboard).getSystemHealth();
  }
  async close(): Promise<void> {
    await this.stack.dispose();
  }
}
