import type { Typed, ValueType } from './typed.ts';

/** One step of a program: `args` are steps before it. */
export interface ProgramStep {
  readonly op: Typed['op'];
  readonly type: ValueType;
  readonly args?: readonly number[];
  readonly column?: number;
  /** Numbers and instants as text, so that no digit is lost on the way. */
  readonly value?: string | boolean | null;
}

/** An expression as flat steps, the last of which is its value; what the native evaluator is told. `slot` gives where a column stands, or one some rows before. */
export function programOf(typed: Typed, slot: (column: number, rows: number) => number = (column) => column): readonly ProgramStep[] {
  const steps: ProgramStep[] = [];
  const add = (e: Typed): number => {
    const { op, type } = e;
    if (e.op === 'column') return steps.push({ op: 'column', type, column: slot(e.column, 0) }) - 1;
    if (e.op === 'lag') return steps.push({ op: 'column', type, column: slot(e.column, e.rows) }) - 1;
    if (e.op === 'constant') return steps.push({ op, type, value: typeof e.value === 'number' ? floatText(e.value) : e.value }) - 1;
    const args = e.args.map(add);
    return steps.push({ op, type, args }) - 1;
  };
  add(typed);
  return steps;
}

/** A Float64 as text that reads back the same, the sign of zero included. */
function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
