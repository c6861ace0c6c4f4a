import { DeniedError } from "../denial.js";
import type { RunEvent } from "../hooks/run.js";
import type { RunScope } from "../run/scope.js";
import { failureOf, refusal } from "../tool/gate.js";
import { EventForms, type Telling } from "./told.js";
import type { EventListener, EventTracer, RootInput, Told } from "./tracer.js";

/**
 * Puts the taps of run.event between LangChain and whoever reads the events of a run. An event that a tap fails on does
 * not leave, nor does any after it.
 */
export function filterEvents(
  listener: EventListener,
  scope: RunScope,
  refused: (error: DeniedError) => Promise<void>,
): void {
  const { tracer, input, through } = listener;
  const forms = new EventForms(scope.ctx.workflow);
  const { onRunCreate } = tracer;
  tracer.onRunCreate = (run) => {
    forms.root ??= run.id;
    return onRunCreate?.call(tracer, run);
  };
  const tapped = (event: RunEvent): RunEvent | Promise<RunEvent> => scope.dispatch.run.event.call(event, scope.ctx);
  const tell = (told: Told): readonly Told[] | Promise<readonly Told[]> => {
    const telling: Telling | null = forms.read(told);
    if (telling === null) return [told];
    const shown = tapped(telling.event);
    return shown instanceof Promise ? shown.then((event) => telling.written(event)) : telling.written(shown);
  };
  const readToItsEnd = closesWithReader(tracer);
  async function* filtered(events: AsyncIterable<Told>): AsyncGenerator<Told> {
    let first = true;
    let denied: DeniedError | null = null;
    try {
      for await (const told of events) {
        if (denied !== null) continue;
        let leaving: readonly Told[];
        try {
          if (first) ({ input: input.shown = undefined } = (await tapped(forms.input(input.given))).data);
          first = false;
          const given = tell(told);
          leaving = given instanceof Promise ? await given : given;
        } catch (error) {
          denied = denialOf(scope, error);
          await refused(denied);
          // What is told waits for its reader: it is read to its end, or the run would stand still for good.
          continue;
        }
        yield* leaving;
      }
    } finally {
      readToItsEnd();
    }
    if (denied !== null) throw denied;
  }
  listener.through = (events) => filtered(through?.(events) ?? events);
}

/**
 * Lets a log that is written close only once it was read. LangChain keeps the failure of a run in a promise that it looks
 * at after the log's last entry; with a tap that takes its time Node would end the process for it before.
 */
function closesWithReader({ writer }: EventTracer): () => void {
  if (writer === undefined) return () => undefined;
  let read = (): void => {};
  const reading = new Promise<void>((resolve) => (read = resolve));
  const close = writer.close.bind(writer);
  writer.close = async () => {
    await close();
    await reading;
  };
  return read;
}

function denialOf({ ctx }: RunScope, error: unknown): DeniedError {
  if (DeniedError.isDenied(error)) return error;
  const why = refusal("RESULT_WITHHELD", "What happened in this run cannot be shown.", failureOf(error));
  return new DeniedError(`an event of "${ctx.workflow}"`, { ...why, hook: "run.event" });
}

/** LangChain puts the caller's input into the first event after all taps: here what of it may be shown takes its place. */
export function withInput(events: AsyncGenerator<unknown>, root: RootInput): AsyncGenerator<unknown> {
  let first = true;
  const shown = (event: unknown): unknown => {
    const { data } = (event ?? {}) as { data?: { input?: unknown } };
    const raw = first && data !== undefined && "shown" in root && data.input === root.given;
    first = false;
    return raw && root.shown !== root.given ? { ...(event as object), data: { ...data, input: root.shown } } : event;
  };
  const made: AsyncIterableIterator<unknown> = {
    next: () =>
      events.next().then((step) => (step.done === true ? step : { done: false as const, value: shown(step.value) })),
    // LangChain throws the abort that it made itself at who leaves while an event is on its way; a tap makes that likely.
    return: (value?: unknown) => events.return(value).catch(() => ({ done: true as const, value })),
    [Symbol.asyncIterator]: () => made,
  };
  return made as AsyncGenerator<unknown>;
}
