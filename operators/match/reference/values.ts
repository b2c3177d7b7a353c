import { inBands, type Settings } from './book.ts';
import { type ColumnName, type Instruction, type Refusal, refusal } from './instruction.ts';
import { inRange, MOST, MOST_PARTS } from './range.ts';

/** The value of a column that is not null, looked at by the checks of a new order and of an amend alike. */
function checked(given: Instruction, column: ColumnName) {
  return (code: string): Refusal => refusal(code, column, given[column]);
}

/** Section 2, new, 4, but for a size that is missing. */
export function sizeFault(given: Instruction, settings: Settings): Refusal | null {
  const no = checked(given, 'size_lots');
  const size = given.size_lots;
  if (size === null) return null;
  if (size < 1n) return no('size-not-positive');
  if (size > MOST) return no('size-too-large');
  return size % settings.incrementLots === 0n ? null : no('size-off-lot');
}

/** Section 2, new, 5. */
export function priceFault(given: Instruction, settings: Settings): Refusal | null {
  const no = checked(given, 'price_ticks');
  const price = given.price_ticks;
  if (price === null) return null;
  if (!inRange(price)) return no('price-out-of-range');
  if (price % settings.incrementTicks !== 0n) return no('price-off-tick');
  return inBands(settings, price) ? null : no('price-band');
}

/** Section 2, new, 6. */
export function stopFault(given: Instruction, settings: Settings): Refusal | null {
  const no = checked(given, 'stop_ticks');
  const stop = given.stop_ticks;
  if (stop === null) return null;
  if (!inRange(stop)) return no('stop-out-of-range');
  return stop % settings.incrementTicks === 0n ? null : no('stop-off-tick');
}

/** Section 2, new, 7. */
export function trailFault(given: Instruction, settings: Settings): Refusal | null {
  const no = checked(given, 'trail_ticks');
  const trail = given.trail_ticks;
  if (trail === null) return null;
  if (trail < 1n) return no('trail-not-positive');
  if (trail > MOST) return no('trail-out-of-range');
  return trail % settings.incrementTicks === 0n ? null : no('trail-off-tick');
}

/** Section 2, new, 10, of an order of that size. */
export function displayFault(given: Instruction, size: bigint, settings: Settings): Refusal | null {
  const no = checked(given, 'display_lots');
  const display = given.display_lots;
  if (display === null) return null;
  if (display < 1n) return no('display-not-positive');
  if (display > size) return no('display-too-large');
  if (display % settings.incrementLots !== 0n) return no('display-off-lot');
  return tooManyParts(size, display) ? no('display-too-small') : null;
}

export function tooManyParts(size: bigint, display: bigint): boolean {
  return size > MOST_PARTS * display;
}
