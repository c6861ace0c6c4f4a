interface Live {
  readonly site: string | null;
  readonly owner: WeakRef<object>;
  /** Its twin was told about already. */
  readonly told: boolean;
}

/** Shared by all copies of this package in the process: a second copy is one way to a second stack. */
const KEY = Symbol.for("graphtap.stacks");
/** Names remembered; who makes up a name per request is not looked after. */
const MOST = 1_000;

function live(): Map<string, Live> {
  const store = globalThis as { [KEY]?: Map<string, Live> };
  return (store[KEY] ??= new Map<string, Live>());
}

/** Another stack of the same name that is alive. */
export interface Twin {
  /** Where it was created. */
  readonly site: string | null;
  /** Said once per name. */
  readonly told: boolean;
}

/** The live stack of this name. */
export function twinOf(name: string): Twin | null {
  const known = live().get(name);
  return known?.owner.deref() === undefined ? null : known;
}

/** Enters a stack for as long as `owner` lives, or until it leaves. */
export function enterStack(name: string, site: string | null, owner: object): void {
  const stacks = live();
  const told = twinOf(name) !== null;
  stacks.delete(name);
  stacks.set(name, { site, owner: new WeakRef(owner), told });
  const [oldest] = stacks.keys();
  if (stacks.size > MOST && oldest !== undefined) stacks.delete(oldest);
}

/** Takes out a stack that ends. */
export function leaveStack(name: string, owner: object): void {
  const stacks = live();
  if (stacks.get(name)?.owner.deref() === owner) stacks.delete(name);
}
