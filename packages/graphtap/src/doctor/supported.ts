/** Versions that GraphTap is tested with; a test holds them equal to package.json and the workspace's catalogue. */
export const SUPPORTED = Object.freeze({
  node: ">=20.19",
  packages: Object.freeze([
    { name: "@langchain/langgraph", range: ">=1.0.0 <2", optional: false },
    { name: "@langchain/core", range: ">=1.1.48 <2", optional: false },
    { name: "langchain", range: ">=1.0.0 <2", optional: true },
  ]),
});

/** Packages of which a program should hold one copy. */
export const SINGLE = Object.freeze(["@graphtap/kernel", "@langchain/core"]);
