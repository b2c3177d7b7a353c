import { type DataType, Int64, Schema, Utf8 } from 'apache-arrow';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { rowText } from '../../graph/test-kit/canonical.ts';
import { type Subject, subjectOf } from '../../graph/test-kit/subject.ts';
import { risk } from '../../operators/risk/operator.ts';

const nullable = (name: string, type: DataType) => field(name, type, true, name);
const word = (name: string, nulls: boolean) => field(name, dictionaryOf(name), nulls, name);
const int = (name: string) => nullable(name, new Int64());

/** Columns of every port. */
export const PORTS: Readonly<Record<string, Schema>> = {
  orders: new Schema([
    nullable('ts_event', COLUMNS.ts_event.type),
    word('action', true),
    int('order_id'),
    word('account', true),
    word('symbol', true),
    word('side', true),
    word('type', true),
    int('price_ticks'),
    int('stop_ticks'),
    int('size_lots'),
    word('strategy', true),
    word('venue', true),
    nullable('note', new Utf8()),
  ]),
  prices: new Schema([nullable('ts_event', COLUMNS.ts_event.type), word('symbol', true), int('price_ticks')]),
  fills: new Schema([
    int('order_id'),
    word('account', true),
    word('symbol', true),
    word('side', true),
    int('price_ticks'),
    int('size_lots'),
  ]),
  updates: new Schema([
    int('order_id'),
    word('account', true),
    word('symbol', true),
    word('status', true),
    int('size_lots'),
    int('filled_lots'),
    int('price_ticks'),
    int('stop_ticks'),
  ]),
  control: new Schema([
    nullable('ts_event', COLUMNS.ts_event.type),
    word('action', true),
    word('scope', true),
    word('name', true),
    word('state', true),
    nullable('reason', new Utf8()),
  ]),
  limits: new Schema([nullable('text', new Utf8())]),
};

/** What came out of a push. */
export interface Out {
  readonly accepted: readonly Row[];
  readonly denied: readonly Row[];
  readonly rejected: readonly Row[];
}

/** Gate under test over the given ports, all by default. */
export function subjectWith(limits: string, ports: readonly string[] = Object.keys(PORTS), params: object = {}): Subject {
  const inputs = Object.fromEntries(ports.map((port) => [port, PORTS[port] as Schema]));
  return subjectOf(risk, { limits: 'limits.yaml', ...params }, inputs, new Map([['limits.yaml', limits]]));
}

function pushed(kernel: Kernel, port: string, rows: readonly Row[]): Out {
  const out: Record<string, Row[]> = { accepted: [], denied: [], rejected: [] };
  kernel.push(batchOf(PORTS[port] as Schema, rows), port, (to, batch) => out[to]?.push(...rowsOf(batch)), MIN_NS);
  return out as { accepted: Row[]; denied: Row[]; rejected: Row[] };
}

/** Rows in order per account, which is all that is promised. */
const byAccount = (a: Row, b: Row): number => (String(a.account) < String(b.account) ? -1 : String(a.account) > String(b.account) ? 1 : 0);

const text = (out: Out): string =>
  Object.entries(out)
    .map(([port, rows]) => `${port}:\n${(rows as Row[]).toSorted(byAccount).map(rowText).join('\n')}`)
    .join('\n');

/** The native gate, and beside it the naive one, which must give the same. */
export class Gate {
  readonly #subject: Subject;
  #kernels: readonly Kernel[];

  constructor(limits: string, ports?: readonly string[], params?: object) {
    this.#subject = subjectWith(limits, ports, params);
    this.#kernels = this.#fresh();
  }

  #fresh(): readonly Kernel[] {
    const { reference } = this.#subject;
    return reference ? [this.#subject.create(), reference()] : [this.#subject.create()];
  }

  /** Goes on with fresh kernels from a snapshot. */
  restart(): void {
    const snapshots = this.#kernels.map((kernel) => kernel.snapshot());
    this.#kernels = this.#fresh();
    for (const [i, kernel] of this.#kernels.entries()) kernel.restore(snapshots[i] ?? []);
  }

  push(port: string, ...rows: readonly Row[]): Out {
    const [native, naive = native] = this.#kernels.map((kernel) => pushed(kernel, port, rows));
    if (text(native as Out) !== text(naive as Out)) {
      throw new Error(
        `${port} ${rows.map(rowText).join(', ')}\nthe native gate gave ${text(native as Out)}\nthe naive one ${text(naive as Out)}`,
      );
    }
    return native as Out;
  }

  /** The codes against the rows, null for one that was accepted. */
  codes(port: string, ...rows: readonly Row[]): (string | null)[] {
    return rows.map((row) => (this.push(port, row).rejected[0]?.code as string | undefined) ?? null);
  }
}
