import { defineConfig } from "vitest/config";

const conditions = ["@graphtap/source", "module", "node", "development|production"];
const shared = { ssr: { resolve: { conditions, externalConditions: conditions } }, resolve: { conditions } };
export default defineConfig({
  ...shared,
  test: {
    projects: [
      { ...shared, test: { name: "unit", isolate: false, include: ["{packages,plugins,examples}/*/src/**/*.test.ts", "test/**/*.test.ts"], exclude: ["**/*.iso.test.ts", "test/e2e/**", "**/node_modules/**"] } },
    ],
  },
});
