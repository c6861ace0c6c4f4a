import { AsyncLocalStorageProviderSingleton, MockAsyncLocalStorage } from "@langchain/core/singletons";
import { expect, it } from "vitest";
import { createStack } from "./index.js";

it("createStack refuses LangChain's stand-in for AsyncLocalStorage", () => {
  const key = Symbol.for("ls:tracing_async_local_storage");
  const globals = globalThis as { [key]?: unknown };
  const real = globals[key];
  expect(AsyncLocalStorageProviderSingleton.getInstance()).toBe(real);
  globals[key] = new MockAsyncLocalStorage();
  try {
    expect(() => createStack({ plugins: [] })).toThrow(expect.objectContaining({ code: "RUNTIME_UNSUPPORTED" }));
  } finally {
    globals[key] = real;
  }
  expect(createStack({ plugins: [] }).isReady()).toBe(true);
});
