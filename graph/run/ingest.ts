import type { RecordBatch } from 'apache-arrow';
import { int64 } from '../contract/batch.ts';
import { type Arrivals, type BatchFrame, MAX_NS, MIN_NS, type Origin } from '../contract/frame.ts';
import { RelativeTimes } from '../contract/nanoseconds.ts';

export interface IngestTime {
  readonly column: string;
  /** How far behind the newest row of its partition a row may be before it is late, ns. */
  readonly latenessNs: bigint;
  /** Clock time without rows after which a partition no longer holds the watermark back, ns; null: never. */
  readonly idleNs: bigint | null;
}

/** What of a partition's event time is state; int64 as decimal strings. */
export interface IngestState {
  readonly newest: string;
  readonly lastRowClock: string;
  readonly promised: string;
  readonly idle: boolean;
  readonly ended: boolean;
}

/**
 * Event time of one input partition: turns its rows, in order, into frames that know what is late, and says how far it has come.
 * What is late depends on the rows before it alone, never on how they were cut into batches.
 */
export class Ingest {
  readonly #time: IngestTime | null;
  #newest = MIN_NS;
  #promised = MIN_NS;
  #lastRowClock = MIN_NS;
  #idle = false;
  #ended = false;

  constructor(time: IngestTime | null) {
    this.#time = time;
  }

  /** Rows at or after this are on time; `MIN_NS` before the first. */
  get floorNs(): bigint {
    const own = this.#newest === MIN_NS || !this.#time ? MIN_NS : this.#newest - this.#time.latenessNs;
    return own > this.#promised ? own : this.#promised;
  }

  /** Event time went on to `ns` without this partition, which was idle: rows before it are late when they come. */
  promise(ns: bigint): void {
    if (ns > this.#promised && ns !== MAX_NS) this.#promised = ns;
  }

  /** What the partition promises: `MAX_NS` once it has ended or where it has no event time, null while it is idle. */
  get watermarkNs(): bigint | null {
    if (this.#ended || !this.#time) return MAX_NS;
    return this.#idle ? null : this.floorNs;
  }

  /** Time of its newest row; `MIN_NS` before the first. */
  get newestNs(): bigint {
    return this.#newest;
  }

  get idle(): boolean {
    return this.#idle;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    this.#ended = true;
  }

  /** Frames of the next rows, in order. */
  take(batch: RecordBatch, origin: Origin | null, arrivals?: Arrivals): BatchFrame[] {
    const n = batch.numRows;
    if (n === 0) return [];
    if (!this.#time) return [{ kind: 'batch', batch, floorNs: MIN_NS, origin, arrivals }];
    const times = int64(batch, this.#time.column);
    const cuts = this.#cuts(times);
    if (cuts.length === 1) return [{ kind: 'batch', batch, floorNs: (cuts[0] as Cut).floorNs, origin, arrivals }];
    return cuts.map(({ from, floorNs }, i) => {
      const to = cuts[i + 1]?.from ?? n;
      return {
        kind: 'batch',
        batch: batch.slice(from, to),
        floorNs,
        origin: origin && ((row) => origin(from + row)),
        arrivals: arrivals && (() => arrivals().subarray(from, to)),
      };
    });
  }

  /** Tells the epoch's clock; true when the partition has just become idle. */
  tick(clockNs: bigint, rows: number): boolean {
    if (rows > 0 || this.#lastRowClock === MIN_NS) {
      this.#lastRowClock = clockNs;
      this.#idle = false;
      return false;
    }
    const idleNs = this.#time?.idleNs ?? null;
    const before = this.#idle;
    this.#idle = idleNs !== null && clockNs - this.#lastRowClock >= idleNs;
    return this.#idle && !before;
  }

  /** Whether a row has come. */
  get started(): boolean {
    return this.#newest !== MIN_NS;
  }

  /** The process was stopped meanwhile: the time since the last row counts from now. */
  resume(clockNs: bigint): void {
    if (!this.#idle && this.#lastRowClock !== MIN_NS) this.#lastRowClock = clockNs;
  }

  /** Epoch clock at which it would become idle; null when it will not. */
  get idleAtNs(): bigint | null {
    const idleNs = this.#time?.idleNs ?? null;
    return idleNs === null || this.#idle || this.#ended || this.#lastRowClock === MIN_NS ? null : this.#lastRowClock + idleNs;
  }

  snapshot(): IngestState {
    return {
      newest: String(this.#newest),
      promised: String(this.#promised),
      lastRowClock: String(this.#lastRowClock),
      idle: this.#idle,
      ended: this.#ended,
    };
  }

  restore(state: IngestState): void {
    this.#newest = BigInt(state.newest);
    this.#promised = BigInt(state.promised);
    this.#lastRowClock = BigInt(state.lastRowClock);
    this.#idle = state.idle;
    this.#ended = state.ended;
  }

  /** Runs of rows that are all on time or all late, each with the watermark before its first row; moves the newest time on. */
  #cuts(times: BigInt64Array): Cut[] {
    const base = this.#newest === MIN_NS ? (times[0] as bigint) : this.#newest;
    const relative = new RelativeTimes(times, base);
    const lateness = this.#time?.latenessNs ?? 0n;
    if (!relative.inRange || lateness > 2n ** 52n) return this.#cutsOfInt64(times);
    const n = times.length;
    const behind = Number(lateness);
    const promised = this.#promised === MIN_NS ? Number.NEGATIVE_INFINITY : Number(this.#promised - base);
    let newest = this.#newest === MIN_NS ? Number.NEGATIVE_INFINITY : 0;
    const cuts: Cut[] = [{ from: 0, floorNs: this.floorNs }];
    let late = relative.at(0) < Math.max(newest - behind, promised);
    for (let i = 0; i < n; i++) {
      const at = relative.at(i);
      if (at < Math.max(newest - behind, promised) !== late) {
        late = !late;
        if (newest !== Number.NEGATIVE_INFINITY) this.#newest = base + BigInt(newest);
        cuts.push({ from: i, floorNs: this.floorNs });
      }
      if (at > newest) newest = at;
    }
    this.#newest = base + BigInt(newest);
    return cuts;
  }

  /** The same where times lie too far apart for exact doubles. */
  #cutsOfInt64(times: BigInt64Array): Cut[] {
    const cuts: Cut[] = [{ from: 0, floorNs: this.floorNs }];
    let late = (times[0] as bigint) < this.floorNs;
    times.forEach((at, i) => {
      if (at < this.floorNs !== late) {
        late = !late;
        cuts.push({ from: i, floorNs: this.floorNs });
      }
      if (at > this.#newest) this.#newest = at;
    });
    return cuts;
  }
}

interface Cut {
  readonly from: number;
  readonly floorNs: bigint;
}
