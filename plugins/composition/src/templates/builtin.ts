import type { TemplateInput } from "./registry.js";

/** Hard questions get everything, technical ones the tools, the rest a plain answer. */
const customerSupport: TemplateInput = {
  name: "customer_support",
  description: "By how hard the question is, and of what kind.",
  untrusted: ["query_complexity", "query_type"],
  conditions: [
    { name: "hard", when: { path: "query_complexity", min: 0.7, max: 1 }, use: "full" },
    { name: "technical", when: { path: "query_type", eq: "technical_support" }, use: "tools" },
  ],
  workflowConfigs: {
    full: { mode: "full", enableMemory: true, memoryWindow: 50 },
    tools: { mode: "tools", enableMemory: true, memoryWindow: 20 },
    default: { mode: "plain", enableMemory: false },
  },
};

/** Images before text: a document with both needs what images need, whatever its type is. */
const documentAnalysis: TemplateInput = {
  name: "document_analysis",
  description: "By what is in the document, then by its type.",
  untrusted: ["document_type", "has_images"],
  conditions: [
    { name: "images", when: { path: "has_images", eq: true }, use: "full" },
    { name: "text", when: { path: "document_type", in: ["pdf", "docx", "txt"] }, use: "rag" },
  ],
  workflowConfigs: {
    full: { mode: "full", enableMemory: true },
    rag: { mode: "rag", enableMemory: false },
    default: { mode: "plain", enableMemory: false },
  },
};

/** Who pays gets everything; who does not, the tools where the question needs them. The tier is a fact, never told. */
const adaptiveSupport: TemplateInput = {
  name: "adaptive_support",
  description: "By the user's tier, then by how hard the question is.",
  untrusted: ["query_complexity"],
  conditions: [
    { name: "premium", when: { path: "user_tier", in: ["premium", "enterprise"] }, use: "full" },
    { name: "complex", when: { path: "query_complexity", min: 0.5, max: 1 }, use: "tools" },
  ],
  workflowConfigs: {
    full: { mode: "full", enableMemory: true, memoryWindow: 100 },
    tools: { mode: "tools", enableMemory: true, memoryWindow: 30 },
    default: { mode: "plain", enableMemory: false },
  },
};

/** The templates that every stack has. */
export const BUILT_IN: readonly TemplateInput[] = Object.freeze([customerSupport, documentAnalysis, adaptiveSupport]);
