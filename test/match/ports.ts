import { Bool, Int64, Schema } from 'apache-arrow';
import { dictionaryOf, field, timestampNs } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { match } from '../../operators/match/operator.ts';

const word = (name: string) => field(name, dictionaryOf(name), true, name);
const int = (name: string) => field(name, new Int64(), true, name);
const time = (name: string) => field(name, timestampNs(), true, name);
const flag = (name: string) => field(name, new Bool(), true, name);

/** Every column of both input ports, null allowed everywhere. */
export const INPUTS: Readonly<Record<'orders' | 'symbols', Schema>> = {
  orders: new Schema([
    time('ts_event'),
    ...['action', 'symbol', 'account', 'side', 'type', 'time_in_force', 'self_trade', 'post_only'].map(word),
    ...['order_id', 'price_ticks', 'size_lots', 'stop_ticks', 'trail_ticks', 'display_lots', 'oco_order_id'].map(int),
    time('expire_at'),
    ...['hidden', 'all_or_none', 'reduce_only'].map(flag),
  ]),
  symbols: new Schema([
    time('ts_event'),
    ...['symbol', 'phase'].map(word),
    ...['reference_ticks', 'lower_ticks', 'upper_ticks', 'increment_ticks', 'increment_lots'].map(int),
  ]),
};

export type InputPort = keyof typeof INPUTS;
export type KernelKind = 'native' | 'reference';
export const KINDS: readonly KernelKind[] = ['native', 'reference'];

/** A way to make fresh kernels of one kind with the same parameters. */
export function kernelsOf(kind: KernelKind, params: Readonly<Record<string, unknown>>): () => Kernel {
  const { create, reference } = subjectOf(match, params, INPUTS);
  if (reference === null) throw new TypeError('match has no reference kernel');
  return kind === 'native' ? create : reference;
}
