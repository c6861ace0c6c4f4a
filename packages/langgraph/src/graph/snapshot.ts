interface Task {
  readonly name: string;
  readonly interrupts: readonly { readonly value?: unknown }[];
}
interface Snapshot {
  readonly next: readonly string[];
  readonly tasks?: readonly Task[];
}

const isOurs = ({ value }: { readonly value?: unknown }): boolean =>
  typeof value === "object" && value !== null && "graphtap" in value;

/**
 * A snapshot whose `next` names the nodes that wait for an approval. LangGraph leaves out every task that wrote
 * something, and a question of ours leaves a note; servers and user interfaces take an empty `next` for the end.
 */
export function withWaiting<S extends Snapshot>(snapshot: S): S {
  const waiting = (snapshot.tasks ?? [])
    .filter(({ name, interrupts }) => interrupts.some(isOurs) && !snapshot.next.includes(name))
    .map(({ name }) => name);
  return waiting.length === 0 ? snapshot : { ...snapshot, next: [...snapshot.next, ...waiting] };
}
