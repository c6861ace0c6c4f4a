export function validateSpec(_spec: never): never[] { return []; }
