import type { RecordBatch } from 'apache-arrow';
import { Float64, Schema } from 'apache-arrow';
import { z } from 'zod';
import { COLUMNS, field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { defineOperator, type KernelContext, type Operator } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';

export const TALLY_INPUT = new Schema([COLUMNS.ts_event, COLUMNS.symbol, field('size', new Float64(), true, 'size or nothing')]);
export const TALLY_OUTPUT = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.volume]);
const EVERY_NS = 1_000_000_000n;

interface Window {
  readonly symbol: string;
  readonly end: bigint;
  volume: number;
}

/** Sums sizes per symbol and second: a kernel that keeps every law, to be broken one law at a time. */
export class TallyKernel implements Kernel {
  protected windows = new Map<string, Window>();

  push(batch: RecordBatch, _port: string, emit: Emit, floorNs: bigint): void {
    rowsOf(batch).forEach((row, index) => {
      this.row(row, index, emit, floorNs);
    });
  }

  protected row(row: Row, index: number, emit: Emit, floorNs: bigint): void {
    const ns = row.ts_event as bigint;
    const end = ns - (((ns % EVERY_NS) + EVERY_NS) % EVERY_NS) + EVERY_NS;
    if (row.size === null || !Number.isFinite(row.size)) {
      emit('rejected', batchOf(REJECT_SCHEMA, [{ row: index, code: 'size', reason: `size is ${row.size}`, raw: new Uint8Array() }]));
    } else if (end <= floorNs) emit('late', batchOf(TALLY_INPUT, [row]));
    else this.add(String(row.symbol), end, row.size as number);
  }

  protected add(symbol: string, end: bigint, size: number): void {
    const key = `${end} ${symbol}`;
    const window = this.windows.get(key) ?? { symbol, end, volume: 0 };
    window.volume += size;
    this.windows.set(key, window);
  }

  advance(watermarkNs: bigint, _clockNs: bigint, emit: Emit): void {
    const due = [...this.windows]
      .filter(([, window]) => window.end <= watermarkNs)
      .sort(([, a], [, b]) => (a.end < b.end ? -1 : a.end > b.end ? 1 : 0));
    for (const [key] of due) this.windows.delete(key);
    if (due.length > 0)
      emit(
        'out',
        batchOf(
          TALLY_OUTPUT,
          due.map(([, { symbol, end, volume }]) => ({ ts_event: end, symbol, volume })),
        ),
      );
  }

  nextTimer(): bigint | null {
    return null;
  }

  snapshot(): Uint8Array[] {
    return [
      Buffer.from(JSON.stringify([...this.windows.values()].map(({ symbol, end, volume }) => [symbol, String(end), String(volume)]))),
    ];
  }

  restore(chunks: readonly Uint8Array[]): void {
    for (const [symbol, end, volume] of JSON.parse(Buffer.concat(chunks).toString()) as [string, string, string][]) {
      this.windows.set(`${end} ${symbol}`, { symbol, end: BigInt(end), volume: Number(volume) });
    }
  }
}

/** The operator around a tally kernel, or a broken one. */
export function tally(
  create: (context: KernelContext<object>) => Kernel = () => new TallyKernel(),
  reference?: () => Kernel,
): Operator<object> {
  return defineOperator<object>({
    name: 'tally',
    summary: 'Sums sizes per symbol and second.',
    semantics: 1,
    determinism: 'exact',
    params: z.strictObject({}),
    inputs: { in: { description: 'sizes' } },
    outputs: { out: { description: 'sums' }, late: { description: 'late rows' }, rejected: { description: 'rows without a size' } },
    groups: () => ['symbol'],
    schema: () => ({ out: TALLY_OUTPUT, late: TALLY_INPUT, rejected: REJECT_SCHEMA }),
    create,
    ...(reference ? { reference } : {}),
  });
}
