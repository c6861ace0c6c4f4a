import { expect, it } from "vitest";
// Importing LangGraph is what gives LangChain its AsyncLocalStorage.
import "@langchain/langgraph";
import { assertRuntime, type Runtime } from "./runtime.js";

const fine: Runtime = { node: "20.19.0", carriesContext: true, missing: [] };

it("accepts this process, and every supported version of Node", () => {
  expect(() => assertRuntime()).not.toThrow();
  for (const node of ["20.19.0", "20.20.2", "22.0.0", "24.1.0", "26.0.0"])
    expect(() => assertRuntime({ ...fine, node })).not.toThrow();
});

it.each<[Partial<Runtime>, RegExp]>([
  [{ node: undefined }, /no Node/],
  [{ node: "20.18.3" }, /Node 20\.18\.3/],
  [{ node: "18.20.0" }, /Node 18\.20\.0/],
  [{ missing: ["WeakRef", "structuredClone"] }, /lacks WeakRef, structuredClone/],
  [{ carriesContext: false }, /AsyncLocalStorage carries nothing/],
])("refuses %j, and says what to do", (found, why) => {
  const asked = () => assertRuntime({ ...fine, ...found });
  expect(asked).toThrow(expect.objectContaining({ code: "RUNTIME_UNSUPPORTED", message: expect.stringMatching(why) }));
  expect(asked).toThrow(/export const runtime = "nodejs"/);
});
