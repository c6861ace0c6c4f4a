export function createWorkflow(_parts: unknown, _spec: never): Promise<never> { throw new Error("TODO"); }
