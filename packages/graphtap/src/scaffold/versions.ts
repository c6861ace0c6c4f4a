import { KERNEL_VERSION } from "@graphtap/kernel";

/** Ranges that a new package starts with; a test holds them to what this repository is tested with. */
export const VERSIONS = Object.freeze({
  // The binding and the testkit are released together with the kernel, under one version.
  graphtap: `^${KERNEL_VERSION}`,
  core: "^1.4.0",
  corePeer: ">=1.1.48 <2",
  langgraph: "^1.7.3",
  langgraphPeer: ">=1.0.0 <2",
  typescript: "^7.0.2",
  vitest: "^4.1.12",
  zod: "^4.6.7",
});
