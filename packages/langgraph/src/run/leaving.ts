interface Leavable {
  readonly signal: AbortSignal;
  return(): Promise<unknown>;
  cancel(reason?: unknown): Promise<unknown>;
}

const isLeavable = (stream: unknown): stream is Leavable =>
  typeof stream === "object" &&
  stream !== null &&
  (stream as Partial<Leavable>).signal instanceof AbortSignal &&
  typeof (stream as Leavable).return === "function" &&
  typeof (stream as Leavable).cancel === "function";

/** Reasons that we aborted with because a consumer left; whoever meets one knows that nobody is waiting. */
const left = new WeakSet<object>();
const isLeft = (error: unknown): boolean => typeof error === "object" && error !== null && left.has(error);

/**
 * The stream of a run, heard when its consumer leaves. Versions of LangGraph before 1.7 let such a run go on with nobody
 * to read it: it would spend to its end, and never be seen to end. Where LangGraph hears it, this adds nothing.
 */
export function heardLeaving<S>(stream: S): S {
  if (!isLeavable(stream)) return stream;
  const leave = stream.return;
  const heard = async (): Promise<unknown> => {
    const result = await leave.call(stream);
    if (!stream.signal.aborted) {
      const reason = new DOMException("This operation was aborted", "AbortError");
      left.add(reason);
      await stream.cancel(reason);
    }
    return result;
  };
  return Object.defineProperty(stream, "return", { value: heard, configurable: true, writable: true });
}

/**
 * Lets the run behind a log of events end without an error once the log's consumer left. LangChain reads the run in a
 * promise that it looks at only when somebody reads the log to its end, and Node ends a process for a rejection that
 * nobody looks at. The promise waits for the log to be closed: for one that was left it waits for good.
 */
export function quietlyLeft(writer: { close(): Promise<void> } | undefined, signal: AbortSignal | undefined): void {
  if (writer === undefined || signal === undefined) return;
  const close = writer.close.bind(writer);
  writer.close = () => {
    const closed = close();
    if (!isLeft(signal.reason)) return closed;
    closed.catch(() => undefined);
    return new Promise(() => {});
  };
}
