import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { programOf } from '../expression/program.ts';
import { listedOf } from './instruments.ts';
import { ORDERS_PORT, ORDERS_SCHEMA, POSITIONS_PORT, sizingColumn } from './layout.ts';
import type { DecideParams } from './operator.ts';
import { type Rule, rulesOf, usedColumns } from './rules.ts';

/** The kernel of `native/kernels/src/decide`. */
export function nativeDecide(context: KernelContext<DecideParams>): Kernel {
  const { params, inputs, outputs } = context;
  const given = inputs[INPUT_PORT] as Schema;
  const rules = rulesOf(params, given);
  const used = usedColumns(params, rules);
  const columns = [...new Set(['ts_event', 'symbol', ...used])];
  const at = (name: string) => columns.indexOf(name);
  const told = (rule: Rule | null) =>
    rule && {
      program: programOf(rule.checked.typed, (column) => at(rule.checked.columns[column] as string)),
      shown: rule.shown.map(([text, column]) => [text, column === null ? null : at(column)]),
    };
  const {
    account,
    strategy,
    conflict,
    short,
    cooldown,
    confirm,
    warm_up,
    capital,
    max_position,
    type,
    time_in_force,
    offset_ticks,
    id_prefix,
  } = params;
  const positions = inputs[POSITIONS_PORT];
  return nativeKernel({
    kernel: 'decide',
    params: {
      ...{ account, strategy, conflict, short, cooldown, confirm, warm_up, capital, offset_ticks, id_prefix, time_in_force },
      instruments: listedOf(context),
      buy: told(rules.buy),
      sell: told(rules.sell),
      close: told(rules.close),
      close_long: told(rules.close_long),
      close_short: told(rules.close_short),
      used: used.map((name) => [name, at(name)]),
      price: at(params.price),
      sizing: sizingOf(params, at),
      max_position: max_position ?? null,
      market: type === 'market',
    },
    inputs: {
      [INPUT_PORT]: { schema: given, columns },
      ...(positions ? { [POSITIONS_PORT]: { schema: positions, columns: ['account', 'symbol', 'position_lots'] } } : {}),
    },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(given, 'taken') },
      [ORDERS_PORT]: { schema: ORDERS_SCHEMA },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}

function sizingOf(params: DecideParams, at: (name: string) => number): unknown {
  const { sizing } = params;
  const column = at(sizingColumn(params)?.name ?? '');
  if ('fixed_fraction' in sizing) return { kind: 'fixed_fraction', fraction: sizing.fixed_fraction };
  if ('lots' in sizing) return { kind: 'lots', lots: sizing.lots };
  if ('kelly' in sizing) {
    const { odds, multiple, cap } = sizing.kelly;
    return { kind: 'kelly', column, odds, multiple, cap };
  }
  const { target, cap } = sizing.volatility_target;
  return { kind: 'volatility_target', column, target, cap };
}
