import { availableParallelism } from "node:os";
import { defineConfig, type Plugin } from "vitest/config";

// As in the root: sources, not build results.
const conditions = ["@graphtap/source", "module", "node", "development|production"];

const VERSIONS = [
  { minor: 0, copy: "langgraph-1-0" },
  { minor: 3, copy: "langgraph-1-3" },
  { minor: 5, copy: "langgraph-1-5" },
] as const;
type Version = (typeof VERSIONS)[number];

/** Who gets the older copy: all, or only the tests, whose graphs are then of another copy than GraphTap's own. */
const WHO = [
  { name: "GraphTap on", own: "no", gets: (): boolean => true },
  { name: "graphs of", own: "yes", gets: (importer: string): boolean => importer.includes("/test/") },
] as const;

const SPECIFIER = /^@langchain\/langgraph(?=$|\/)/;

const instead = ({ copy }: Version, gets: (importer: string) => boolean): Plugin => ({
  name: "another-langgraph",
  enforce: "pre",
  resolveId(id, importer) {
    if (importer === undefined || !SPECIFIER.test(id) || !gets(importer)) return null;
    return this.resolve(id.replace(SPECIFIER, copy), importer, { skipSelf: true });
  },
});

export default defineConfig({
  test: {
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: VERSIONS.flatMap((version) =>
      WHO.map(({ name, own, gets }) => ({
        plugins: [instead(version, gets)],
        resolve: { conditions },
        ssr: { resolve: { conditions, externalConditions: conditions } },
        test: {
          name: `${name} 1.${version.minor}`,
          include: ["test/parity-modes/*.test.ts", "test/ranges/*.test.ts"],
          // What plugins make of it is held on the newest: six times as much would take six times as long.
          exclude: ["test/parity-modes/{served,all-plugins}.test.ts"],
          isolate: false,
          testTimeout: 30_000,
          env: { GRAPHTAP_TEST_LANGGRAPH: String(version.minor), GRAPHTAP_TEST_OWN_COPY: own },
        },
      })),
    ),
  },
});
