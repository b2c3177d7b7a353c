import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { INPUTS, type InputPort, type KernelKind, kernelsOf } from './ports.ts';

/** A row for a port; `port` is `orders` where it is not said. */
export type Instruction = Row & { readonly port?: InputPort };

/** What came out, by port; `row` of `rejected` is the place of the instruction. */
export type Played = Readonly<Record<'fills' | 'orders' | 'book' | 'auction' | 'rejected', readonly Row[]>>;

/** Plays instructions through a fresh kernel, each a batch of its own, at times 1, 2, 3 … where they do not say. */
export function play(kind: KernelKind, instructions: readonly Instruction[], params: Readonly<Record<string, unknown>> = {}): Played {
  return playOn(kernelsOf(kind, params)(), instructions);
}

export function playOn(kernel: Kernel, instructions: readonly Instruction[]): Played {
  const played = { fills: [], orders: [], book: [], auction: [], rejected: [] } as Record<keyof Played, Row[]>;
  instructions.forEach(({ port = 'orders', ...row }, i) => {
    const batch = batchOf(INPUTS[port], [{ ts_event: BigInt(i + 1), symbol: 'A', ...row }]);
    const emit = (to: string, rows: Parameters<typeof rowsOf>[0]): void => {
      for (const out of rowsOf(rows)) played[to as keyof Played].push(to === 'rejected' ? { ...out, row: i } : out);
    };
    kernel.push(batch, port, emit, MIN_NS);
  });
  return played;
}

/** A limit order for five lots of `ann`, unless `rest` says otherwise. */
export function limit(id: number, side: 'buy' | 'sell', price: number, rest: Row = {}): Instruction {
  const sized = { size_lots: 5n, account: 'ann', ...rest };
  return { action: 'new', order_id: BigInt(id), side, type: 'limit', price_ticks: BigInt(price), ...sized };
}

export function market(id: number, side: 'buy' | 'sell', size: number, rest: Row = {}): Instruction {
  return { action: 'new', order_id: BigInt(id), side, type: 'market', size_lots: BigInt(size), account: 'bob', ...rest };
}

export function cancel(id: number, account = 'ann'): Instruction {
  return { action: 'cancel', order_id: BigInt(id), account };
}

export function amend(id: number, rest: Row, account = 'ann'): Instruction {
  return { action: 'amend', order_id: BigInt(id), account, ...rest };
}

export function phase(name: string, rest: Row = {}): Instruction {
  return { port: 'symbols', phase: name, ...rest };
}

/** `id side size@price`, one a fill. */
export function fillsOf({ fills }: Played): string[] {
  return fills.map((row) => `${row.order_id} ${row.side} ${row.size_lots}@${row.price_ticks}`);
}

/** `id status reason`, one a change. */
export function changesOf({ orders }: Played): string[] {
  return orders.map((row) => [row.order_id, row.status, row.reason].filter((part) => part !== null).join(' '));
}

export function refusalsOf({ rejected }: Played): string[] {
  return rejected.map((row) => `${row.row} ${row.code}: ${row.reason}`);
}
