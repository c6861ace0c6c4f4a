export { governed } from "../project/graphs.js";
