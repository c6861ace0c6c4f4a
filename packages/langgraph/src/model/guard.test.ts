import { scriptedModel } from "@graphtap/testkit";
import { BaseCache, InMemoryCache } from "@langchain/core/caches";
import { type AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import type { Generation, LLMResult } from "@langchain/core/outputs";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack, definePlugin, DeniedError, hooks } from "../index.js";

/** A stack that controls models, and says what it sees of them. */
function controlled() {
  const seen: string[] = [];
  const plugin = definePlugin({
    name: "controls",
    version: "1.0.0",
    identity: "none",
    setup(api) {
      api.tap(hooks.model.authorize, () => undefined);
      api.tap(hooks.model.denied, ({ code }) => void seen.push(code));
      api.tap(hooks.model.end, ({ status }) => void seen.push(status));
    },
  });
  return { stack: createStack({ plugins: [plugin()] }), seen };
}
interface Asked {
  invoke(input: BaseMessage[], config?: object): Promise<AIMessageChunk>;
}
const graphOf = (model: Asked) =>
  new StateGraph(MessagesAnnotation)
    .addNode("node", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
    .addEdge(START, "node")
    .compile();

/** A model that nobody wrapped; it counts what reaches it. */
class Raw extends FakeListChatModel {
  ran = 0;
  constructor() {
    super({ responses: ["raw"] });
  }
  override _generate(...args: Parameters<FakeListChatModel["_generate"]>): ReturnType<FakeListChatModel["_generate"]> {
    this.ran++;
    return super._generate(...args);
  }
  /** Calls it in a way of the caller's; a refusal is his to catch. */
  asked(config?: object): Promise<string> {
    return this.invoke("?", config).then(String, (error: unknown) => {
      if (!DeniedError.isDenied(error)) throw error;
      return error.code;
    });
  }
}
type Options = Parameters<FakeListChatModel["invoke"]>[1];

describe("what the code of a governed model calls besides", () => {
  /** Models that ask a raw one, from every place where LangChain asks them something. */
  const places: Record<string, (raw: Raw) => FakeListChatModel> = {
    "invoke, before its own": (raw) =>
      new (class extends FakeListChatModel {
        override async invoke(input: never, options?: Options): Promise<AIMessageChunk> {
          await raw.asked(options);
          return super.invoke(input, options);
        }
      })({ responses: ["own"] }),
    "invoke, after its own": (raw) =>
      new (class extends FakeListChatModel {
        override async invoke(input: never, options?: Options): Promise<AIMessageChunk> {
          const answer = await super.invoke(input, options);
          await raw.asked(options);
          return answer;
        }
      })({ responses: ["own"] }),
    generate: (raw) =>
      new (class extends FakeListChatModel {
        override async generate(
          ...[messages, options, callbacks]: Parameters<FakeListChatModel["generate"]>
        ): Promise<LLMResult> {
          await raw.asked(options as object);
          return super.generate(messages, options, callbacks);
        }
      })({ responses: ["own"] }),
    generatePrompt: (raw) =>
      new (class extends FakeListChatModel {
        override async generatePrompt(...args: Parameters<FakeListChatModel["generatePrompt"]>): Promise<LLMResult> {
          await raw.asked(args[1] as object);
          return super.generatePrompt(...args);
        }
      })({ responses: ["own"] }),
    "invocationParams, with callbacks of its own": (raw) =>
      new (class extends FakeListChatModel {
        #asked: Promise<string> | null = null;
        override invocationParams(): object {
          this.#asked ??= raw.asked({ callbacks: [] });
          return {};
        }
        override async _generate(
          ...args: Parameters<FakeListChatModel["_generate"]>
        ): ReturnType<FakeListChatModel["_generate"]> {
          await this.#asked;
          return super._generate(...args);
        }
      })({ responses: ["own"] }),
    "a cache, with callbacks of its own": (raw) => {
      const model = new FakeListChatModel({ responses: ["own"] });
      model.cache = new (class extends BaseCache<Generation[]> {
        async lookup(): Promise<null> {
          await raw.asked({ callbacks: [] });
          return null;
        }
        async update(): Promise<void> {
          await raw.asked({ callbacks: [] });
        }
      })();
      return model;
    },
  };
  it.each(Object.keys(places))("is refused: from %s", async (place) => {
    const { stack, seen } = controlled();
    const raw = new Raw();
    const model = stack.wrapModel(places[place]?.(raw) as FakeListChatModel);
    const { messages } = await stack.wrap(graphOf(model as unknown as Asked)).invoke({ messages: [] });
    expect(messages.at(-1)?.text).toBe("own");
    expect(raw.ran).toBe(0);
    expect(seen.filter((code) => code === "MODEL_NOT_CONTROLLED").length).toBeGreaterThan(0);
    expect(seen.filter((code) => code === "ok")).toHaveLength(1);
  });

  it("is refused when it is of the same class, which another governed model was called for before", async () => {
    const { stack, seen } = controlled();
    const inner = stack.wrapModel(scriptedModel([{ say: "inner" }]));
    const raw = new Raw();
    class Delegates extends Raw {
      override async invoke(input: never, options?: Options): Promise<AIMessageChunk> {
        const answer = await inner.invoke(input, options as object);
        await raw.asked(options);
        return answer;
      }
    }
    const model = stack.wrapModel(new Delegates());
    await stack.wrap(graphOf(model as unknown as Asked)).invoke({ messages: [] });
    expect([raw.ran, seen]).toEqual([0, ["ok", "MODEL_NOT_CONTROLLED"]]);
  });

  it("is asked whose it is, also where it is governed and the first one handed its options on", async () => {
    const { stack } = controlled();
    const inner = scriptedModel([{ say: "inner" }], { whenDone: "repeat" });
    const bobs = stack.wrapModel(inner).withConfig(stack.as({ userId: "bob" })) as unknown as FakeListChatModel;
    class Routes extends FakeListChatModel {
      override async generatePrompt(
        ...[, options]: Parameters<FakeListChatModel["generatePrompt"]>
      ): Promise<LLMResult> {
        await bobs.invoke("?", options as object);
        throw new Error("not reached");
      }
    }
    const model = stack.wrapModel(new Routes({ responses: ["own"] }));
    const run = stack.wrap(graphOf(model as unknown as Asked)).invoke({ messages: [] }, stack.as({ userId: "alice" }));
    await expect(run).rejects.toMatchObject({ code: "IDENTITY_CHANGED" });
    expect(inner.callCount).toBe(0);
  });
});

describe("a governed model", () => {
  const asked = async (
    make: () => FakeListChatModel,
    way: (model: FakeListChatModel, config: object) => Promise<unknown>,
  ) => {
    const { stack, seen } = controlled();
    const model = stack.wrapModel(make());
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("node", async (_state, config) => {
        await way(model, config);
        return {};
      })
      .addEdge(START, "node")
      .compile();
    await stack.wrap(graph).invoke({ messages: [] });
    return seen;
  };
  const runId = "0190a0c0-0000-7000-8000-000000000000";

  it("that does not stream leaves nothing behind that another call could pass by", async () => {
    const raw = new Raw();
    const whole = (): FakeListChatModel =>
      Object.assign(new FakeListChatModel({ responses: ["own"] }), { disableStreaming: true });
    const seen = await asked(whole, async (model, config) => {
      for await (const _ of await model.stream("?", { ...config, runId }));
      await raw.asked({ ...config, runId });
    });
    expect([raw.ran, seen]).toEqual([0, ["ok", "MODEL_NOT_CONTROLLED"]]);
  });

  it("passes, and is told once, where its own code goes straight to what announces it", async () => {
    class Straight extends FakeListChatModel {
      override async invoke(input: never, options?: Options): Promise<AIMessageChunk> {
        const { generations } = await this._generateUncached([[]], { ...options } as never, { ...options } as never);
        void input;
        return (generations[0]?.[0] as unknown as { message: AIMessageChunk }).message;
      }
    }
    class Renamed extends FakeListChatModel {
      override toJSON(): ReturnType<FakeListChatModel["toJSON"]> {
        return { lc: 1, type: "not_implemented", id: ["by", "another", "name"] };
      }
      override generate(...args: Parameters<FakeListChatModel["generate"]>): Promise<LLMResult> {
        return super.generate(...args);
      }
    }
    for (const Model of [Straight, Renamed])
      expect(
        await asked(
          () => new Model({ responses: ["own"] }),
          (model, config) => model.invoke("?", config),
        ),
      ).toEqual(["ok"]);
  });

  it("is asked by a prompt whose code is watched", async () => {
    const raw = new Raw();
    const prompt = {
      toChatMessages: () => {
        void raw.asked({ callbacks: [] });
        return [];
      },
      toString: () => "?",
    };
    for (const config of [{}, undefined])
      expect(
        await asked(
          () => new FakeListChatModel({ responses: ["own"] }),
          (model, own) => model.invoke(prompt as never, config && { ...own }),
        ),
      ).toContain("MODEL_NOT_CONTROLLED");
    expect(raw.ran).toBe(0);
  });

  it("with a cache passes the gate, and is asked as often as a bare one", async () => {
    const { stack, seen } = controlled();
    const asked = async (wrap: boolean): Promise<number> => {
      const raw = scriptedModel([{ say: "own" }], { whenDone: "repeat" });
      raw.cache = new InMemoryCache();
      const model = wrap ? stack.wrapModel(raw) : raw;
      expect(model.cache).toBe(raw.cache);
      Object.assign(model, { cache: raw.cache });
      for (let time = 0; time < 2; time++) {
        const graph = graphOf({ invoke: (messages) => model.invoke(messages) as Promise<AIMessageChunk> });
        const { messages } = await (wrap ? stack.wrap(graph) : graph).invoke({ messages: [] });
        expect(messages.at(-1)?.text).toBe("own");
      }
      return raw.callCount;
    };
    const bare = await asked(false);
    expect(await asked(true)).toBe(bare);
    expect(seen).toEqual(Array.from({ length: bare }, () => "ok"));
  });

  it("takes a list of texts to stop at where LangChain does", async () => {
    const { stack } = controlled();
    const stops: unknown[] = [];
    class Stops extends FakeListChatModel {
      override _generate(
        ...args: Parameters<FakeListChatModel["_generate"]>
      ): ReturnType<FakeListChatModel["_generate"]> {
        stops.push(args[1]?.stop);
        return super._generate(...args);
      }
    }
    const model = stack.wrapModel(new Stops({ responses: ["own"] }));
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("node", async () => {
        await model.generate([[]], ["end"]);
        return {};
      })
      .addEdge(START, "node")
      .compile();
    await stack.wrap(graph).invoke({ messages: [] });
    expect(stops).toEqual([["end"]]);
  });
});
