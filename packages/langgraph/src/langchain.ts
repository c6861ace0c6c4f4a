export { asMiddleware } from "./langchain/as-middleware.js";
