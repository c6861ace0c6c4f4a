import { getContextVariable, setContextVariable } from "@langchain/core/context";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { describe, expect, it } from "vitest";
import { FrameStore } from "./frames.js";
import type { Frame } from "./scope.js";

const storeOf = (): unknown => AsyncLocalStorageProviderSingleton.getInstance().getStore();
const frame = (watcher?: object): Frame =>
  ({ scope: {}, ctx: {}, permits: null, ...(watcher === undefined ? {} : { watcher }) }) as unknown as Frame;
const within = <T>(config: object, body: () => T): T =>
  AsyncLocalStorageProviderSingleton.runWithConfig(config, body) as T;
const configNow = (): unknown => AsyncLocalStorageProviderSingleton.getRunnableConfig();

describe("a frame's context", () => {
  it("is quiet and loud by turns: the same one again where nothing came between", () => {
    const [frames, loud] = [new FrameStore(), frame({})];
    within({ tags: ["outer"] }, () =>
      frames.run(loud, () => {
        const around = storeOf();
        frames.quietly(() => {
          expect(storeOf()).not.toBe(around);
          expect(frames.getStore()?.watcher).toBeUndefined();
          expect(frames.getStore()?.loud).toBe(loud);
          frames.aloud(() => expect(storeOf()).toBe(around));
          frames.run(loud, () => expect(storeOf()).toBe(around));
        });
        expect(storeOf()).toBe(around);
      }),
    );
  });

  it("keeps what LangChain opened since, and the variables that were set", () => {
    const [frames, loud] = [new FrameStore(), frame({})];
    const seen = within({ tags: ["outer"] }, () =>
      frames.run(loud, () =>
        frames.quietly(() =>
          within({ tags: ["inner"] }, () => {
            setContextVariable("who", "alice");
            return frames.aloud(() => [configNow(), getContextVariable("who"), frames.getStore() === loud]);
          }),
        ),
      ),
    );
    expect(seen).toEqual([{ tags: ["inner"] }, "alice", true]);
  });

  it("keeps a variable that was set in a quiet context", () => {
    const [frames, loud] = [new FrameStore(), frame({})];
    const seen = within({ tags: ["outer"] }, () =>
      frames.run(loud, () =>
        frames.quietly(() => {
          setContextVariable("who", "bob");
          return frames.aloud(() => [getContextVariable("who"), frames.getStore() === loud]);
        }),
      ),
    );
    expect(seen).toEqual(["bob", true]);
  });

  it("keeps the place of another stack that was entered since", () => {
    const [one, other] = [new FrameStore(), new FrameStore()];
    const [loud, theirs, theirLoud] = [frame({}), frame(), frame({})];
    within({}, () =>
      one.run(loud, () =>
        one.quietly(() => {
          other.run(theirs, () => one.aloud(() => expect(other.getStore()).toBe(theirs)));
          other.run(theirLoud, () =>
            other.quietly(() =>
              one.aloud(() => {
                expect(one.getStore()).toBe(loud);
                expect(other.getStore()?.loud).toBe(theirLoud);
                other.aloud(() => expect([one.getStore(), other.getStore()]).toEqual([loud, theirLoud]));
              }),
            ),
          );
        }),
      ),
    );
  });

  it("is none outside", () => {
    const [frames, loud] = [new FrameStore(), frame({})];
    frames.run(loud, () => frames.quietly(() => frames.exit(() => expect(frames.getStore()).toBeUndefined())));
    expect(storeOf()).toBeUndefined();
  });
});
