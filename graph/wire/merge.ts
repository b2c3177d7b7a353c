import type { Schema } from 'apache-arrow';
import { columnIndex, gather, int64 } from '../contract/batch.ts';
import { type BatchFrame, MAX_NS, MIN_NS } from '../contract/frame.ts';
import { RelativeTimes } from '../contract/nanoseconds.ts';
import { ascending } from './ascending.ts';

/** An edge that a merge draws from. */
export interface MergeEdge {
  readonly port: string;
  readonly schema: Schema;
  /** Event-time column; null: its rows go before all others. */
  readonly time: string | null;
}

/** Rows for one push. */
export interface MergedRun {
  readonly port: string;
  readonly frame: BatchFrame;
}

/** Rows of several ports for one push: a frame a port, and their order as pairs of a part and how many of its next rows follow. */
export interface MergedParts {
  readonly parts: readonly MergedRun[];
  readonly runs: Int32Array;
}

/** A frame that waits, with the edge it came on. */
export interface HeldFrame {
  readonly edge: number;
  readonly frame: BatchFrame;
}

/** Rows picked from held frames: pick i is row `row[i]` of frame `frame[i]`. */
interface Picks {
  readonly frame: Int32Array;
  readonly row: Int32Array;
}

/**
 * Puts the rows of several edges into one order that does not depend on where epochs were cut: by
 * (time, edge, order on the edge), where the time of a late row is its partition's watermark when it was read.
 */
export class Merge {
  readonly #edges: readonly MergeEdge[];
  readonly #order: 'event_time' | 'arrival';
  #held: HeldFrame[] = [];

  constructor(edges: readonly MergeEdge[], order: 'event_time' | 'arrival') {
    this.#edges = edges;
    this.#order = order;
  }

  hold(edge: number, frame: BatchFrame): void {
    if (frame.batch.numRows > 0) this.#held.push({ edge, frame });
  }

  /** Frames that wait for the watermark; for snapshots. */
  get held(): readonly HeldFrame[] {
    return this.#held;
  }

  /** All rows with a merge time before `watermarkNs` (by arrival: all rows), in order; the rest stays. */
  release(watermarkNs: bigint): MergedRun[] {
    return this.#released(watermarkNs, (held, picks) => this.#runs(held, picks));
  }

  /** The same, with what lies between late rows put together, a frame a port. */
  releaseTogether(watermarkNs: bigint): (MergedRun | MergedParts)[] {
    return this.#released(watermarkNs, (held, picks) => this.#together(held, picks));
  }

  #released<T>(watermarkNs: bigint, put: (held: readonly HeldFrame[], picks: Picks) => T[]): T[] {
    const held = this.#held;
    if (held.length === 0) return [];
    const limit = this.#order === 'arrival' ? MAX_NS : watermarkNs;
    const times = this.#times(held);
    const stay: Int32Array[] = [];
    const picks = sortedPicks(held, times, limit, stay);
    this.#held = held.flatMap((h, i) => {
      const rows = stay[i] as Int32Array;
      if (rows.length === 0) return [];
      return rows.length === h.frame.batch.numRows ? [h] : [{ edge: h.edge, frame: kept(h.frame, rows) }];
    });
    return put(held, picks);
  }

  /** Merge time of every row of every held frame. */
  #times(held: readonly HeldFrame[]): BigInt64Array[] {
    const latest = new Map<number, bigint>();
    return held.map((h) => {
      const { time, schema } = this.#edges[h.edge] as MergeEdge;
      const n = h.frame.batch.numRows;
      if (this.#order === 'event_time') {
        if (time === null) return new BigInt64Array(n).fill(MIN_NS);
        return this.#late(h) ? new BigInt64Array(n).fill(h.frame.floorNs) : int64(h.frame.batch, time);
      }
      const arrived = arrivedNs(h.frame, schema, time);
      if (!arrived) return new BigInt64Array(n);
      const out = new BigInt64Array(n);
      let max = latest.get(h.edge) ?? MIN_NS; // a running maximum: the order on an edge is never undone
      for (let i = 0; i < n; i++) {
        const at = arrived[i] as bigint;
        if (at > max) max = at;
        out[i] = max;
      }
      latest.set(h.edge, max);
      return out;
    });
  }

  #late({ edge, frame }: HeldFrame): boolean {
    const { time } = this.#edges[edge] as MergeEdge;
    return time !== null && frame.floorNs !== MIN_NS && (int64(frame.batch, time)[0] as bigint) < frame.floorNs;
  }

  #together(held: readonly HeldFrame[], picks: Picks): (MergedRun | MergedParts)[] {
    const late = held.map((h) => this.#late(h));
    const out: (MergedRun | MergedParts)[] = [];
    const n = picks.frame.length;
    if (n > 0 && !late.includes(true)) return this.#parts(held, picks);
    for (let from = 0; from < n; ) {
      let to = from;
      while (to < n && !late[picks.frame[to] as number]) to++;
      if (to > from) out.push(...this.#parts(held, { frame: picks.frame.subarray(from, to), row: picks.row.subarray(from, to) }));
      for (from = to; to < n && late[picks.frame[to] as number]; ) to++;
      if (to > from) out.push(...this.#runs(held, { frame: picks.frame.subarray(from, to), row: picks.row.subarray(from, to) }));
      from = to;
    }
    return out;
  }

  /** Rows that are on time, a frame a port. */
  #parts(held: readonly HeldFrame[], picks: Picks): (MergedRun | MergedParts)[] {
    const port = held.map((h) => (this.#edges[h.edge] as MergeEdge).port);
    const ports = [...new Set(port)].filter((name) => picks.frame.some((frame) => port[frame] === name));
    if (ports.length === 1) return this.#runs(held, picks);
    const partOf = Int32Array.from(port, (name) => ports.indexOf(name));
    const counts = new Int32Array(ports.length);
    const runs: number[] = [];
    for (const frame of picks.frame) {
      const part = partOf[frame] as number;
      counts[part] = (counts[part] as number) + 1;
      if (runs.length > 0 && runs[runs.length - 2] === part) runs[runs.length - 1] = (runs[runs.length - 1] as number) + 1;
      else runs.push(part, 1);
    }
    const own = ports.map((_, part) => ({ frame: new Int32Array(counts[part] as number), row: new Int32Array(counts[part] as number) }));
    const next = new Int32Array(ports.length);
    for (let i = 0; i < picks.frame.length; i++) {
      const part = partOf[picks.frame[i] as number] as number;
      const at = next[part] as number;
      next[part] = at + 1;
      const { frame, row } = own[part] as Picks;
      frame[at] = picks.frame[i] as number;
      row[at] = picks.row[i] as number;
    }
    const parts = ports.map((name, part): MergedRun => ({ port: name, frame: joined(held, own[part] as Picks, MIN_NS) }));
    return [{ parts, runs: Int32Array.from(runs) }];
  }

  /** Neighbours of one port become one batch; a late frame keeps its floor and stays alone. */
  #runs(held: readonly HeldFrame[], picks: Picks): MergedRun[] {
    const port = held.map((h) => (this.#edges[h.edge] as MergeEdge).port);
    const late = held.map((h) => this.#late(h));
    const runs: MergedRun[] = [];
    const n = picks.frame.length;
    for (let from = 0; from < n; ) {
      const first = picks.frame[from] as number;
      let to = from + 1;
      for (; to < n; to++) {
        const next = picks.frame[to] as number;
        if (next !== first && (port[next] !== port[first] || late[first] || late[next])) break;
      }
      const floorNs = late[first] ? (held[first] as HeldFrame).frame.floorNs : MIN_NS;
      const rows = { frame: picks.frame.subarray(from, to), row: picks.row.subarray(from, to) };
      runs.push({ port: port[first] as string, frame: joined(held, rows, floorNs) });
      from = to;
    }
    return runs;
  }
}

/** When rows came: their `ts_recv`, else the time of their record, else, of rows that an operator made, their event time. */
function arrivedNs({ batch, arrivals }: BatchFrame, schema: Schema, time: string | null): BigInt64Array | null {
  if (columnIndex(schema, 'ts_recv') >= 0) return int64(batch, 'ts_recv');
  return arrivals?.() ?? (time === null ? null : int64(batch, time));
}

/** The rows before `limit`, sorted; `stay[i]` becomes the rows of frame i that are not. */
function sortedPicks(held: readonly HeldFrame[], times: readonly BigInt64Array[], limit: bigint, stay: Int32Array[]): Picks {
  const base = times[0]?.[0] ?? 0n;
  const relative = times.map((t) => new RelativeTimes(t, base));
  const exact = relative.every((r) => r.inRange);
  const distance = limit === MAX_NS ? Number.POSITIVE_INFINITY : Number(limit - base);
  const count = times.reduce((sum, t) => sum + t.length, 0);
  const distances = new Float64Array(exact ? count : 0);
  const edges = new Int32Array(exact ? count : 0);
  const frame = new Int32Array(count);
  const row = new Int32Array(count);
  let n = 0;
  times.forEach((t, index) => {
    const r = relative[index] as RelativeTimes;
    const left = new Int32Array(t.length);
    let kept = 0;
    for (let i = 0; i < t.length; i++) {
      const distanceNs = exact ? r.at(i) : 0;
      const ready = exact ? distanceNs < distance : limit === MAX_NS || (t[i] as bigint) < limit;
      if (ready) {
        if (exact) {
          distances[n] = distanceNs;
          edges[n] = (held[index] as HeldFrame).edge;
        }
        frame[n] = index;
        row[n++] = i;
      } else left[kept++] = i;
    }
    stay[index] = left.subarray(0, kept);
  });
  const edge = held.map((h) => h.edge);
  const order = exact ? ascending(distances.subarray(0, n), edges.subarray(0, n)) : sortedSlowly(frame.subarray(0, n), row, times, edge);
  if (order === null) return { frame: frame.subarray(0, n), row: row.subarray(0, n) };
  const sorted = { frame: new Int32Array(n), row: new Int32Array(n) };
  for (let i = 0; i < n; i++) {
    sorted.frame[i] = frame[order[i] as number] as number;
    sorted.row[i] = row[order[i] as number] as number;
  }
  return sorted;
}

/** As `ascending`, of times so far apart that their distances are not exact as doubles. */
function sortedSlowly(frame: Int32Array, row: Int32Array, times: readonly BigInt64Array[], edge: readonly number[]): Int32Array {
  const timeOf = (i: number): bigint => (times[frame[i] as number] as BigInt64Array)[row[i] as number] as bigint;
  const compare = (a: number, b: number): number => {
    const [ta, tb] = [timeOf(a), timeOf(b)];
    if (ta !== tb) return ta < tb ? -1 : 1;
    return (edge[frame[a] as number] as number) - (edge[frame[b] as number] as number) || a - b;
  };
  return Int32Array.from(frame, (_, i) => i).sort(compare);
}

/** A frame with the given rows only. */
function kept(frame: BatchFrame, rows: Int32Array): BatchFrame {
  const { origin } = frame;
  const batch = gather(frame.batch.schema, [frame.batch], null, rows);
  return { ...frame, batch, origin: origin && ((row) => origin(rows[row] ?? 0)) };
}

/** The picked rows as one frame: the frame itself where it is taken whole and in order. */
function joined(held: readonly HeldFrame[], picks: Picks, floorNs: bigint): BatchFrame {
  const n = picks.row.length;
  const first = (held[picks.frame[0] as number] as HeldFrame).frame;
  let whole = n === first.batch.numRows;
  for (let i = 0; i < n && whole; i++) whole = picks.frame[i] === picks.frame[0] && picks.row[i] === i;
  if (whole) return { ...first, floorNs };
  const used = [...new Set(picks.frame)];
  const slot = new Map(used.map((index, i) => [index, i]));
  const source = Int32Array.from(picks.frame, (index) => slot.get(index) ?? 0);
  const frames = used.map((index) => (held[index] as HeldFrame).frame);
  const batches = frames.map((frame) => frame.batch);
  const batch = gather(first.batch.schema, batches, source, picks.row);
  return { kind: 'batch', batch, floorNs, origin: (row) => frames[source[row] ?? 0]?.origin?.(picks.row[row] ?? 0) ?? null };
}
