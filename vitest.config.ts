import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// The list replaces Vite's own, so its defaults are repeated; the first entry makes workspace packages resolve to source.
const conditions = ["@graphtap/source", "module", "node", "development|production"];
const resolution = { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: conditions } } };

// A test that hangs is ended; one on a busy machine is not.
const testTimeout = 30_000;
const skipped = ["**/node_modules/**", "**/dist/**"];
const places = ["{packages,plugins,examples}/*/src/**", "test/**", "scripts/**"];
const named = (suffix: string) => places.map((place) => `${place}/*.${suffix}`);

export default defineConfig({
  ...resolution,
  test: {
    // Vitest leaves one core to itself; of two that would be half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        ...resolution,
        test: {
          name: "unit",
          isolate: false,
          testTimeout,
          include: named("test.{ts,mjs}"),
          exclude: [...skipped, "**/*.iso.test.{ts,mjs}", "test/e2e/**"],
        },
      },
      {
        ...resolution,
        test: {
          name: "isolated",
          testTimeout,
          include: named("iso.test.{ts,mjs}"),
          exclude: [...skipped, "test/e2e/**"],
        },
      },
      {
        ...resolution,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.{ts,mjs}"],
          exclude: [...skipped, "test/e2e/langgraph-server/**"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each of these starts servers and compilers of its own.
          fileParallelism: false,
        },
      },
      {
        ...resolution,
        test: {
          name: "server",
          include: ["test/e2e/langgraph-server/**/*.test.ts"],
          exclude: skipped,
          // Longer than all that a test waits for in vain: it says what it was.
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts", "plugins/*/src/**/*.ts"],
      exclude: ["**/fixtures/**", "**/*.test.ts", "**/*.test-d.ts", "**/*.bench.ts"],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 80, branches: 80, functions: 80, statements: 80 },
    },
  },
});
