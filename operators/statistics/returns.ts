import type { Row } from '../../graph/contract/rows.ts';

export type ReturnsKind = 'none' | 'simple' | 'log' | 'difference';

/** Why a row is refused. */
export class Refusal {
  readonly code: string;
  readonly reason: string;

  constructor(code: string, reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

/** What is remembered of a key. */
export interface Last {
  ns: bigint | null;
  values: readonly number[] | null;
}

/** Which returns are refused. */
export interface Limits {
  /** Whether the first column is of wealth: no value below 0, no return below -1. */
  readonly wealth?: boolean;
  /** Sizes from it on; by default from where the fourth power of a window is not finite. */
  readonly tooLarge?: number;
}

/** The returns of a row of the key of `last`, null where it has none: the rules of `native/kernels/src/statistics/returns.rs`. */
export function takeRow(
  row: Row,
  columns: readonly string[],
  kind: ReturnsKind,
  last: Last,
  { wealth = false, tooLarge = 1e75 }: Limits = {},
): readonly number[] | null | Refusal {
  const ns = row.ts_event as bigint | null;
  if (ns === null) return new Refusal('ts-missing', 'ts_event is null');
  if (last.ns !== null && ns < last.ns) return new Refusal('ts-backwards', `ts_event ${ns} comes after ${last.ns}`);
  const values = columns.map((name) => row[name] as number | null);
  const changes: (number | null)[] = [];
  for (const [i, name] of columns.entries()) {
    const value = values[i] ?? null;
    if (value === null) continue;
    if (!Number.isFinite(value)) return new Refusal('value-not-finite', `${name} is ${shown(value)}`);
    if (kind === 'log' && value <= 0) return new Refusal('value-not-positive', `${name} is ${value}, which has no logarithm`);
    const change = changeOf(kind, value, last.values?.[i] ?? null);
    if (change !== null && Math.abs(change) >= tooLarge) {
      return new Refusal('return-too-large', `the return of ${name} is ${exponential(change)}`);
    }
    if (wealth && i === 0 && kind !== 'none' && value < 0) return new Refusal('value-negative', `${name} is ${value}`);
    if (wealth && i === 0 && change !== null && change < -1) {
      return new Refusal('return-below-minus-one', `the return of ${name} is ${change}, more than all is lost`);
    }
    changes.push(change);
  }
  last.ns = ns;
  if (!isWhole(values)) return null;
  last.values = values;
  return isWhole(changes) ? changes : null;
}

function changeOf(kind: ReturnsKind, value: number, base: number | null): number | null {
  if (kind === 'none') return value + 0;
  if (base === null) return null;
  if (kind === 'difference') return value - base + 0;
  if (base <= 0) return null;
  const change = (value - base) / base + 0;
  if (kind === 'simple') return change;
  return Math.abs(change) < 0.5 ? Math.log1p(change) : Math.log(value) - Math.log(base);
}

function isWhole(values: readonly (number | null)[]): values is readonly number[] {
  return values.every((value) => value !== null);
}

/** As Rust writes it. */
function shown(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

function exponential(value: number): string {
  return Number.isFinite(value) ? value.toExponential().replace('e+', 'e') : shown(value);
}
