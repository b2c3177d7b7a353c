import type { MillraceError } from '../contract/error.ts';
import type { PlanSink } from '../contract/plan.ts';

/** The sinks that a system has failed since all was well: what each has met, null once it works again. */
type Outage = Map<string, string | null>;

/** What sinks say of systems that fail: once, where several meet the same fault of the same system. */
export class Faults {
  readonly #note: (line: string) => void;
  readonly #outages = new Map<string, Outage>();

  constructor(note: (line: string) => void) {
    this.#note = note;
  }

  /** A sink met a fault that it had not met before. */
  met(sink: PlanSink, error: MillraceError): void {
    const outage: Outage = this.#outages.get(systemOf(sink)) ?? new Map();
    this.#outages.set(systemOf(sink), outage);
    const fault = `${error.code} ${error.message}`;
    const isKnown = [...outage.values()].includes(fault);
    outage.set(sink.name, fault);
    if (isKnown) return;
    const remedy = error.remedy ? ` (${error.remedy})` : '';
    this.#note(`${sink.name}: ${error.message}${remedy}${error.retry === 'backoff' ? '; trying again' : ''}`);
  }

  /** A sink works again; it is told when all of its system do. */
  over(sink: PlanSink): void {
    const outage = this.#outages.get(systemOf(sink));
    outage?.set(sink.name, null);
    if (!outage || [...outage.values()].some((fault) => fault !== null)) return;
    this.#outages.delete(systemOf(sink));
    this.#note(`${[...outage.keys()].join(', ')}: ${outage.size === 1 ? 'writes' : 'write'} again`);
  }
}

/** Sinks of one connection meet the same faults; one without a connection meets its own. */
function systemOf({ connection, name }: PlanSink): string {
  return connection ? `connection ${connection.name}` : `sink ${name}`;
}
