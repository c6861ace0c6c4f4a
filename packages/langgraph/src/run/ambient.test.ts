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

  it("opens a context that reads like LangChain's own, field by field", () => {
    const theirs = real(config, storeOf);
    const ours = runAmbient(config, storeOf);
    const keys = Object.keys(theirs);
    expect(keys.length).toBeGreaterThan(20);
    expect(shared(ours, keys)).toEqual(shared(theirs, keys));
    for (const key of OWN) expect([key, typeof ours[key]]).toEqual([key, typeof theirs[key]]);
    expect(Object.getPrototypeOf(Object.getPrototypeOf(ours))).toBe(Object.getPrototypeOf(theirs));
    expect(ours.constructor).toBe(theirs.constructor);
    expect(ours).toBeInstanceOf(theirs.constructor as never);
  });

  it("makes the run tree when somebody looks, once", () => {
    const ours = runAmbient(config, storeOf);
    expect(Object.hasOwn(ours, "id")).toBe(false);
    const { id } = ours;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect([ours["id"], ours["trace_id"]]).toEqual([id, id]);
    expect(runAmbient(config, storeOf)["id"]).not.toBe(id);
  });

  it("lets its fields be set, before and after somebody looked", () => {
    const ours = runAmbient(config, storeOf);
    ours["error"] = "first";
    expect([ours["error"], typeof ours["id"]]).toEqual(["first", "string"]);
    ours["error"] = "second";
    expect(ours["error"]).toBe("second");
    expect(runAmbient(config, storeOf)["error"]).toBeUndefined();
  });

  it("has the methods of a run tree, which find what they need", () => {
    const childOf = (tree: Tree): Tree => (tree["createChild"] as (of: object) => Tree).call(tree, { name: "inner" });
    const ours = runAmbient(config, storeOf);
    const child = childOf(ours);
    expect([child["name"], child["trace_id"], child["tracingEnabled"]]).toEqual(["inner", ours["id"], false]);
    expect(String(child["dotted_order"]).startsWith(`${String(ours["dotted_order"])}.`)).toBe(true);
    const said = (tree: Tree): string[] => Object.keys((tree["toJSON"] as () => object).call(tree)).toSorted();
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
    expect(runAmbient({ callbacks: new CallbackManager("parent-1") }, storeOf)["tracingEnabled"]).toBe(false);
  });
});
