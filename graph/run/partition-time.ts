import type { RecordBatch } from 'apache-arrow';
import { type Arrivals, type BatchFrame, MAX_NS, MIN_NS, type Origin } from '../contract/frame.ts';
import { leastPromise } from './exchange.ts';
import { Ingest, type IngestState, type IngestTime } from './ingest.ts';

/** Writer of rows that name none. */
const UNNAMED = '';

/** What of a partition's event time is state. */
export interface PartitionTimeState {
  readonly told: string;
  readonly ended: boolean;
  readonly writers: readonly (readonly [string, IngestState])[];
}

/**
 * Event time of one input partition. Several tasks of a pipeline may write one topic partition, each in its own order and at its own
 * pace, which after a stop can be far apart; so every writer's rows are judged by that writer's own progress, and the partition has come
 * as far as the writer that is furthest behind. A partition that names no writers has one.
 */
export class PartitionTime {
  readonly #time: IngestTime | null;
  readonly #writers = new Map<string, Ingest>();
  readonly #rows = new Map<string, number>();
  #told = MIN_NS;
  #ended = false;

  constructor(time: IngestTime | null) {
    this.#time = time;
    this.#writers.set(UNNAMED, new Ingest(time));
  }

  /** What the partition promises: `MAX_NS` once it has ended or where it has no event time, null while every writer is idle. */
  get watermarkNs(): bigint | null {
    if (this.#ended || !this.#time) return MAX_NS;
    return leastPromise([...this.#writers.values()].map((writer) => writer.watermarkNs));
  }

  get idle(): boolean {
    return [...this.#writers.values()].every((writer) => writer.idle);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Time of its newest row; `MIN_NS` before the first. */
  get reachedNs(): bigint {
    return [...this.#writers.values()].reduce((most, { newestNs }) => (newestNs > most ? newestNs : most), MIN_NS);
  }

  /** Epoch clock at which a writer would become idle; null when none will. */
  get idleAtNs(): bigint | null {
    if (this.#ended) return null;
    return leastPromise([...this.#writers.values()].map((writer) => writer.idleAtNs));
  }

  end(): void {
    this.#ended = true;
  }

  /** Frames of the next rows of a writer, in order. */
  take(batch: RecordBatch, origin: Origin | null, writer: string = UNNAMED, arrivals?: Arrivals): BatchFrame[] {
    this.#rows.set(writer, (this.#rows.get(writer) ?? 0) + batch.numRows);
    return this.#writer(writer).take(batch, origin, arrivals);
  }

  /** Tells the epoch's clock and how many rows the epoch read of the partition, refused ones included. */
  tick(clockNs: bigint, rows: number): void {
    const refusedOnly = rows > 0 && this.#rows.size === 0;
    for (const [name, writer] of this.#writers) writer.tick(clockNs, refusedOnly ? rows : (this.#rows.get(name) ?? 0));
    this.#rows.clear();
  }

  /** Time in which nothing ran does not make a writer idle. */
  resume(clockNs: bigint): void {
    for (const writer of this.#writers.values()) writer.resume(clockNs);
  }

  /** Event time went on to `ns` downstream: idle writers, and those not heard of yet, are judged by it when they come. */
  told(ns: bigint): void {
    if (ns > this.#told && ns !== MAX_NS) this.#told = ns;
    for (const writer of this.#writers.values()) if (writer.idle) writer.promise(this.#told);
  }

  snapshot(): PartitionTimeState {
    return {
      told: String(this.#told),
      ended: this.#ended,
      writers: [...this.#writers].map(([name, writer]) => [name, writer.snapshot()] as const),
    };
  }

  restore(state: PartitionTimeState): void {
    this.#told = BigInt(state.told);
    this.#ended = state.ended;
    this.#writers.clear();
    for (const [name, saved] of state.writers) {
      const writer = new Ingest(this.#time);
      writer.restore(saved);
      this.#writers.set(name, writer);
    }
  }

  #writer(name: string): Ingest {
    let writer = this.#writers.get(name);
    if (!writer) {
      const unnamed = this.#writers.get(UNNAMED);
      if (unnamed && !unnamed.started) this.#writers.delete(UNNAMED); // it only stood for whoever comes first
      writer = new Ingest(this.#time);
      writer.promise(this.#told);
      this.#writers.set(name, writer);
    }
    return writer;
  }
}
