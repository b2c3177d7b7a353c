import type { Row } from '../../../graph/contract/rows.ts';

const WORDS = ['action', 'symbol', 'account', 'side', 'type', 'time_in_force', 'self_trade', 'post_only', 'phase'] as const;
const NUMBERS = [
  'ts_event',
  'order_id',
  'price_ticks',
  'size_lots',
  'stop_ticks',
  'trail_ticks',
  'display_lots',
  'expire_at',
  'oco_order_id',
  'reference_ticks',
  'lower_ticks',
  'upper_ticks',
  'increment_ticks',
  'increment_lots',
] as const;
const FLAGS = ['hidden', 'all_or_none', 'reduce_only'] as const;

/** A row of the ports `orders` or `symbols`; what is null or absent is null. */
export type Instruction = Readonly<
  Record<(typeof WORDS)[number], string | null> & Record<(typeof NUMBERS)[number], bigint | null> & Record<(typeof FLAGS)[number], boolean>
>;

export type ColumnName = keyof Instruction;

export function instructionOf(row: Row): Instruction {
  const words = WORDS.map((name) => [name, typeof row[name] === 'string' ? row[name] : null]);
  const numbers = NUMBERS.map((name) => [name, typeof row[name] === 'bigint' ? row[name] : null]);
  const flags = FLAGS.map((name) => [name, row[name] === true]);
  return Object.fromEntries([...words, ...numbers, ...flags]) as Instruction;
}

/** Why a row is refused. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** A refusal that shows the value of a column. */
export function refusal(code: string, column: string, value: string | bigint | boolean | null): Refusal {
  return { code, reason: `${column} is ${value}` };
}
