import { type RecordBatch, Schema } from 'apache-arrow';
import { z } from 'zod';
import { COLUMNS, REJECT_SCHEMA, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { defineOperator, type Operator } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';

/** Columns of every edge of a synthetic graph, so that any port fits any other. */
export const ROWS = new Schema([COLUMNS.ts_event, COLUMNS.ts_recv, COLUMNS.symbol, COLUMNS.size]);

/** State is one JSON value; rows come one at a time. */
abstract class RowKernel<S> implements Kernel {
  protected state: S;

  constructor(state: S) {
    this.state = state;
  }

  push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void {
    const out = new Map<string, Row[]>();
    rowsOf(batch).forEach((row, index) => {
      this.row({ row, index, port, floorNs }, (to, made) => {
        out.set(to, [...(out.get(to) ?? []), made]);
      });
    });
    for (const [to, rows] of out) emit(to, batchOf(to === 'rejected' ? REJECT_SCHEMA : ROWS, rows));
  }

  protected abstract row(given: Given, emit: (port: string, row: Row) => void): void;

  advance(_watermarkNs: bigint, _clockNs: bigint, _emit: Emit): void {}

  nextTimer(): bigint | null {
    return null;
  }

  snapshot(): Uint8Array[] {
    return [Buffer.from(JSON.stringify(this.state))];
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.state = JSON.parse(Buffer.concat(chunks).toString()) as S;
  }
}

interface Given {
  readonly row: Row;
  readonly index: number;
  readonly port: string;
  readonly floorNs: bigint;
}

/** Adds one. */
class Increment extends RowKernel<null> {
  protected row({ row }: Given, emit: (port: string, row: Row) => void): void {
    emit('out', { ...row, size: (row.size as number) + 1 });
  }
}

/** Whole sizes on one port, odd ones on the other, large ones refused. */
class Split extends RowKernel<null> {
  protected row({ row, index }: Given, emit: (port: string, row: Row) => void): void {
    const size = row.size as number;
    if (size > 90)
      emit('rejected', { row: index, code: size > 95 ? 'huge' : 'large', reason: `size is ${size}`, raw: Buffer.from(`${size}`) });
    else emit(size % 2 === 0 ? 'out' : 'odd', row);
  }
}

/** A running sum per symbol. */
class Sum extends RowKernel<Record<string, number>> {
  protected row({ row }: Given, emit: (port: string, row: Row) => void): void {
    const symbol = `of ${row.symbol}`; // no name that every object has
    const sum = ((this.state[symbol] ?? 0) + (row.size as number)) % 1000;
    this.state[symbol] = sum;
    emit('out', { ...row, size: sum });
  }
}

/** Counts per 100 ns and symbol; what comes too late leaves on `late`. */
class Window extends RowKernel<Record<string, [string, string, number]>> {
  protected row({ row, floorNs }: Given, emit: (port: string, row: Row) => void): void {
    const end = ((row.ts_event as bigint) / 100n) * 100n + 100n;
    if (end <= floorNs) {
      emit('late', row);
      return;
    }
    const key = `${end} ${row.symbol}`;
    const window = this.state[key] ?? [String(end), String(row.symbol), 0];
    this.state[key] = [window[0], window[1], (window[2] + (row.size as number)) % 100];
  }

  override advance(watermarkNs: bigint, _clockNs: bigint, emit: Emit): void {
    const due = Object.entries(this.state).filter(([, [end]]) => BigInt(end) <= watermarkNs);
    due.sort(([, a], [, b]) => Number(BigInt(a[0]) - BigInt(b[0])) || (a[1] < b[1] ? -1 : 1));
    for (const [key] of due) delete this.state[key];
    if (due.length > 0)
      emit(
        'out',
        batchOf(
          ROWS,
          due.map(([, [end, symbol, size]]) => ({ ts_event: BigInt(end), ts_recv: BigInt(end), symbol, size })),
        ),
      );
  }
}

/** The last right row of the symbol beside each left row: what it gives depends on the order of the merge. */
class Beside extends RowKernel<Record<string, number>> {
  protected row({ row, port }: Given, emit: (port: string, row: Row) => void): void {
    const symbol = `of ${row.symbol}`; // no name that every object has
    if (port === 'right') this.state[symbol] = row.size as number;
    else emit('out', { ...row, size: (row.size as number) * 1000 + (this.state[symbol] ?? 0) });
  }
}

/** Says how many rows came, 50 ns after the epoch that brought the first of them. */
class Ticker extends RowKernel<{ rows: number; dueNs: string | null }> {
  protected row({ row }: Given, emit: (port: string, row: Row) => void): void {
    this.state.rows += 1;
    emit('out', row);
  }

  override advance(_watermarkNs: bigint, clockNs: bigint, emit: Emit): void {
    const { rows, dueNs } = this.state;
    if (rows === 0) return;
    if (dueNs === null) this.state.dueNs = String(clockNs + 50n);
    else if (clockNs >= BigInt(dueNs)) {
      emit('ticks', batchOf(ROWS, [{ ts_event: clockNs, ts_recv: clockNs, symbol: 'tick', size: rows }]));
      this.state = { rows: 0, dueNs: null };
    }
  }

  override nextTimer(): bigint | null {
    return this.state.dueNs === null ? null : BigInt(this.state.dueNs);
  }
}

/** Throws when a row of that size comes. */
class Fragile extends RowKernel<null> {
  protected row({ row }: Given, emit: (port: string, row: Row) => void): void {
    if (row.size === 13) throw new RangeError('13 is too much');
    emit('out', row);
  }
}

function operator(name: string, inputs: readonly string[], outputs: readonly string[], create: () => Kernel): Operator<object> {
  const ports = (names: readonly string[]) => Object.fromEntries(names.map((port) => [port, { description: port }]));
  return defineOperator<object>({
    name,
    summary: name,
    semantics: 1,
    determinism: 'exact',
    params: z.strictObject({}),
    inputs: ports(inputs),
    outputs: ports(outputs),
    groups: () => null,
    schema: () => Object.fromEntries(outputs.map((port) => [port, port === 'rejected' ? REJECTED_SCHEMA : ROWS])),
    create,
  });
}

/** Small operators that together do all that a wiring has to bear. */
export const SYNTHETIC: ReadonlyMap<string, Operator<object>> = new Map(
  [
    operator('increment', ['in'], ['out'], () => new Increment(null)),
    operator('split', ['in'], ['out', 'odd', 'rejected'], () => new Split(null)),
    operator('sum', ['in'], ['out'], () => new Sum({})),
    operator('window', ['in'], ['out', 'late'], () => new Window({})),
    operator('beside', ['left', 'right'], ['out'], () => new Beside({})),
    operator('ticker', ['in'], ['out', 'ticks'], () => new Ticker({ rows: 0, dueNs: null })),
    operator('fragile', ['in'], ['out'], () => new Fragile(null)),
  ].map((made) => [made.name, made]),
);
