import { CallbackManager } from "@langchain/core/callbacks/manager";
import { getContextVariable, setContextVariable } from "@langchain/core/context";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { FakeTracer } from "@langchain/core/utils/testing";
import "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { runAmbient } from "./ambient.js";

type Tree = Record<string | symbol, unknown>;
const storeOf = (): Tree => AsyncLocalStorageProviderSingleton.getInstance().getStore() as unknown as Tree;
const real = <T>(config: object | undefined, body: () => T): T =>
  AsyncLocalStorageProviderSingleton.runWithConfig(config, body) as T;

/** Fields that no two run trees share: what they are called, when they began, and whom they would be sent to. */
const OWN = new Set(["id", "trace_id", "dotted_order", "start_time", "_serialized_start_time", "client"]);
const shared = (tree: Tree, keys: readonly string[]): Tree =>
  Object.fromEntries(keys.filter((key) => !OWN.has(key)).map((key) => [key, tree[key]]));

describe("runAmbient", () => {
  const config = { tags: ["a"], metadata: { b: 1 }, configurable: { c: 2 } };

  it("opens a context that is LangChain's own, field by field", () => {
    const theirs = real(config, storeOf);
    const ours = runAmbient(config, storeOf);
    const keys = Object.keys(theirs);
    expect(keys.length).toBeGreaterThan(20);
    expect(Object.keys(ours)).toEqual(keys);
    expect(shared(ours, keys)).toEqual(shared(theirs, keys));
    expect(ours["client"]).toBe(theirs["client"]);
    expect(Object.getPrototypeOf(ours)).toBe(Object.getPrototypeOf(theirs));
    for (const key of ["inputs", "child_runs", "replicas"])
      expect(ours[key]).not.toBe(runAmbient(config, storeOf)[key]);
  });

  it("names each as LangSmith does: by its start, and like no other", () => {
    const parts = (tree: Tree): object => {
      const { id, start_time: at, _serialized_start_time: start, dotted_order: order } = tree as Record<string, string>;
      return {
        id: id?.replaceAll(/[0-9a-f]/g, "x"),
        version: id?.[14],
        variant: "89ab".includes(id?.[19] ?? "?"),
        start: start === `${new Date(Number(at)).toISOString().slice(0, -1)}001Z`,
        order: order === `${start?.replaceAll(/[-:.]/g, "")}${id}`,
        time: Number.parseInt(`${id?.slice(0, 8)}${id?.slice(9, 13)}`, 16) === Number(at),
      };
    };
    expect(parts(runAmbient(config, storeOf))).toEqual(parts(real(config, storeOf)));
    const before = Date.now();
    const made = Array.from({ length: 100 }, () => runAmbient(config, storeOf));
    expect(new Set(made.map(({ id }) => id)).size).toBe(100);
    for (const { start_time } of made) expect(start_time).toBeGreaterThanOrEqual(before);
  });

  it("opens one that can be copied, as `setContextVariable` does, and has the methods of a run tree", () => {
    const RunTree = real(config, storeOf).constructor as new (of: Tree) => Tree;
    const childOf = (tree: Tree): Tree => (tree["createChild"] as (of: object) => Tree).call(tree, { name: "inner" });
    const ours = runAmbient(config, storeOf);
    for (const tree of [ours, new RunTree(ours)]) {
      const child = childOf(tree);
      expect([child["name"], child["trace_id"], child["tracingEnabled"]]).toEqual(["inner", ours["id"], false]);
      expect(String(child["dotted_order"]).startsWith(`${String(ours["dotted_order"])}.`)).toBe(true);
    }
    const said = (tree: Tree): string[] => Object.keys((tree["toJSON"] as () => object).call(tree));
    expect(said(runAmbient(config, storeOf))).toEqual(said(real(config, storeOf)));
  });

  it("is the ambient config for what runs inside, after awaits too", async () => {
    const seen = await runAmbient(config, async () => {
      await Promise.resolve();
      return AsyncLocalStorageProviderSingleton.getRunnableConfig();
    });
    expect(seen).toBe(config);
    expect(AsyncLocalStorageProviderSingleton.getRunnableConfig()).toBeUndefined();
  });

  it("opens one for LangGraph's own code that holds the config, and lets nobody be traced", () => {
    const seen: unknown[] = [];
    runAmbient(config, () => {
      seen.push(AsyncLocalStorageProviderSingleton.getRunnableConfig(), storeOf()["tracingEnabled"]);
      runAmbient({ tags: ["inner"] }, () => seen.push(AsyncLocalStorageProviderSingleton.getRunnableConfig()?.tags));
    });
    expect(seen).toEqual([config, false, ["inner"]]);
  });

  it("hands context variables on, in and out of LangChain's own contexts", () => {
    const seen: unknown[] = [];
    real(config, () => {
      setContextVariable("who", "outer");
      runAmbient(config, () => {
        seen.push(getContextVariable("who"));
        setContextVariable("who", "inner");
        real(config, () => seen.push(getContextVariable("who")));
        runAmbient(config, () => seen.push(getContextVariable("who")));
      });
      seen.push(getContextVariable("who"));
    });
    expect(seen).toEqual(["outer", "inner", "inner", "outer"]);
  });

  it("leaves it to LangChain where a tracer follows the call", () => {
    const tree = { extra: {}, followed: true };
    const tracer = Object.assign(new FakeTracer(), {
      name: "langchain_tracer",
      getRunTreeWithTracingConfig: (id: string) => ({ ...tree, id }),
    });
    const callbacks = new CallbackManager("parent-1");
    callbacks.addHandler(tracer);
    expect(runAmbient({ callbacks }, storeOf)).toMatchObject({ followed: true, id: "parent-1" });
    // A tracer without a call around it has no tree to give.
    expect(runAmbient({ callbacks: [tracer] }, storeOf)["followed"]).toBeUndefined();
    expect(runAmbient({ callbacks: CallbackManager.fromHandlers({}) }, storeOf)["followed"]).toBeUndefined();
    expect(runAmbient({ callbacks: new CallbackManager("parent-1") }, storeOf)["tracingEnabled"]).toBe(false);
  });
});
