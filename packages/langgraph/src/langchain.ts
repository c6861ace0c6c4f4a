export { asMiddleware } from "./langchain/as-middleware.js";
export { fromMiddleware } from "./langchain/from-middleware.js";
export type { MiddlewareLike } from "./langchain/types.js";
