import { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { type ProgramStep, programOf } from '../expression/program.ts';
import { inputSchema } from '../expression/stateless.ts';
import type { Checked, Typed } from '../expression/typed.ts';
import { type Derived, type DeriveParams, derivedColumns, hasLags, keysOf } from './layout.ts';

/** What the Rust kernel computes, in order; values are numbered: columns that cross, then what each step gives. */
type Step =
  | { readonly kind: 'lags'; readonly of: number; readonly rows: readonly number[] }
  | { readonly kind: 'column'; readonly program: readonly ProgramStep[] };

/** `derive` over columns, in Rust; columns that only pass do not cross. */
export function nativeDerive(context: KernelContext<DeriveParams>): Kernel {
  const schema = inputSchema(context);
  const derived = derivedColumns(context.params, schema);
  const by = hasLags(context.params) ? keysOf(context.params, schema) : [];
  const own = new Set(derived.map(({ field }) => field.name));
  const used = derived.flatMap(({ checked }) => checked.columns.filter((name) => !own.has(name)));
  const columns = [...new Set([...used, ...by])];
  return nativeKernel({
    kernel: 'derive',
    params: { by, max_keys: context.params.max_keys, steps: stepsOf(derived, columns) },
    inputs: { [INPUT_PORT]: { schema, columns } },
    outputs: {
      [MAIN_PORT]: {
        schema: new Schema([...schema.fields, ...derived.map(({ field }) => field)]),
        carry: carryAll(schema, 'all'),
      },
    },
  });
}

function stepsOf(derived: readonly Derived[], columns: readonly string[]): readonly Step[] {
  const lags = lagsOf(derived);
  const slots = new Map<string, number>();
  const steps: Step[] = [];
  let next = 0;
  const put = (name: string, rows: number): void => {
    slots.set(`${rows} ${name}`, next++);
  };
  const slot = (name: string, rows: number): number => slots.get(`${rows} ${name}`) ?? -1;
  const lag = (name: string): void => {
    const rows = lags.get(name) ?? [];
    if (rows.length === 0) return;
    steps.push({ kind: 'lags', of: slot(name, 0), rows });
    for (const row of rows) put(name, row);
  };
  for (const name of columns) put(name, 0);
  for (const name of columns) lag(name);
  for (const { field, checked } of derived) {
    const program = programOf(checked.typed, (column, rows) => slot(checked.columns[column] ?? '', rows));
    steps.push({ kind: 'column', program });
    put(field.name, 0);
    lag(field.name);
  }
  return steps;
}

/** For every column that has lags, how many rows before, ascending. */
function lagsOf(derived: readonly Derived[]): ReadonlyMap<string, readonly number[]> {
  const lags = new Map<string, Set<number>>();
  const collect = (e: Typed, { columns }: Checked): void => {
    if (e.op === 'lag') {
      const name = columns[e.column] ?? '';
      lags.set(name, (lags.get(name) ?? new Set()).add(e.rows));
    } else if ('args' in e) for (const arg of e.args) collect(arg, { columns } as Checked);
  };
  for (const { checked } of derived) collect(checked.typed, checked);
  return new Map([...lags].map(([name, rows]) => [name, [...rows].sort((a, b) => a - b)]));
}
