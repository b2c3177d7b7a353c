import type { Cell, Row } from '../../../graph/contract/rows.ts';

/** Why a row is malformed. */
export class Malformed extends Error {
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

const MOST = 2n ** 53n;

export const SIDES = ['buy', 'sell'];
export const TYPES = ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'];
export const STATUSES = ['new', 'pending', 'triggered', 'partially_filled', 'replaced', 'canceled', 'expired', 'filled', 'rejected'];

const at = (row: Row, name: string): Cell => row[name] ?? null;

/** A number that must be there. */
export function number(row: Row, name: string, code: string): bigint {
  const value = at(row, name);
  if (value === null) throw new Malformed(code, `${name} is null`);
  return value as bigint;
}

export function maybe(row: Row, name: string): bigint | null {
  return at(row, name) as bigint | null;
}

export function name(row: Row, column: string): string {
  const value = at(row, column);
  if (value === null) throw new Malformed(`${column}-missing`, `${column} is null`);
  return String(value);
}

export function maybeName(row: Row, column: string): string | null {
  const value = at(row, column);
  return value === null ? null : String(value);
}

export function word(row: Row, column: string, words: readonly string[]): string {
  const value = name(row, column);
  if (!words.includes(value)) throw new Malformed(`${column}-unknown`, `${column} is "${value}"`);
  return value;
}

export function size(value: bigint): bigint {
  if (value <= 0n) throw new Malformed('size-not-positive', `size_lots is ${value}`);
  if (value > MOST) throw new Malformed('size-too-large', `size_lots is ${value}`);
  return value;
}

export function inRange(value: bigint | null, column: string, code: string): void {
  if (value !== null && (value > MOST || value < -MOST)) throw new Malformed(code, `${column} is ${value}`);
}

export function filled(row: Row, status: string): bigint {
  const value = maybe(row, 'filled_lots');
  if (value === null && status !== 'rejected') throw new Malformed('filled-missing', 'filled_lots is null');
  if (value !== null && (value < 0n || value > MOST)) throw new Malformed('filled-out-of-range', `filled_lots is ${value}`);
  return value ?? 0n;
}

/** That a new order has the prices of its type, and no other. */
export function fits(row: Row, type: string): void {
  const [price, stop] = [maybe(row, 'price_ticks'), maybe(row, 'stop_ticks')];
  if (price === null && (type === 'limit' || type === 'stop_limit')) throw new Malformed('price-missing', 'price_ticks is null');
  stray('price_ticks', price, type);
  inRange(price, 'price_ticks', 'price-out-of-range');
  if (stop === null && (type === 'stop' || type === 'stop_limit')) throw new Malformed('stop-missing', 'stop_ticks is null');
  stray('stop_ticks', stop, type);
  inRange(stop, 'stop_ticks', 'stop-out-of-range');
}

/** That a price is given only where the type has it. */
export function stray(column: 'price_ticks' | 'stop_ticks', value: bigint | null, type: string): void {
  const allowed = column === 'price_ticks' ? ['limit', 'stop_limit'] : ['stop', 'stop_limit', 'trailing_stop'];
  if (value !== null && !allowed.includes(type))
    throw new Malformed('field-not-allowed', `${column} is ${value} on an order of type ${type}`);
}
