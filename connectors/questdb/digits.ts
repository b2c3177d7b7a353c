const BILLION = 1_000_000_000;
/** "00" to "99", two bytes each. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => 48 + (i % 2 === 0 ? Math.floor(i / 20) : Math.floor(i / 2) % 10));
const MINUS = 45;

/** High half from which on a value is at least 10^18, and so has 19 digits: every time between 2001 and 2262 in ns. */
const NINETEEN_DIGITS_HIGH = 232_830_644;

/** Decimal digits of 0 to 2^31 - 1. */
function digitsOfSmall(n: number): number {
  if (n < 100_000) return n < 100 ? (n < 10 ? 1 : 2) : n < 1000 ? 3 : n < 10_000 ? 4 : 5;
  return n < 10_000_000 ? (n < 1_000_000 ? 6 : 7) : n < 100_000_000 ? 8 : n < BILLION ? 9 : 10;
}

/** Digits of a value of at most 2^63 / 10^9. */
function digitsOfQuotient(q: number): number {
  return q < 2147483648 ? digitsOfSmall(q) : 10;
}

/** Value / 10^9 and the rest, exactly, of an unsigned value in halves: 16 bits at a time, so that no product leaves 2^53. */
function quotientOf(high: number, low: number): number {
  const top = Math.floor(high / BILLION);
  const middle = (high - top * BILLION) * 65_536 + (low >>> 16);
  const second = Math.floor(middle / BILLION);
  const last = (middle - second * BILLION) * 65_536 + (low & 0xffff);
  return top * 4294967296 + second * 65_536 + Math.floor(last / BILLION);
}

function restOf(high: number, low: number): number {
  const middle = (high % BILLION) * 65_536 + (low >>> 16);
  const last = (middle % BILLION) * 65_536 + (low & 0xffff);
  return last % BILLION;
}

/** Bytes of an int64 in decimal, sign included; `high` signed, `low` of any sign. */
export function sizeOfInteger(high: number, low: number): number {
  if (high >= NINETEEN_DIGITS_HIGH) return 19;
  if (high === 0 && low >= 0) return digitsOfSmall(low);
  if (high >= 0) return sizeOfMagnitude(high, low >>> 0);
  const negated = (~low + 1) >>> 0;
  return 1 + sizeOfMagnitude((negated === 0 ? ~high + 1 : ~high) >>> 0, negated);
}

function sizeOfMagnitude(high: number, low: number): number {
  const q = quotientOf(high, low);
  return q === 0 ? digitsOfSmall(restOf(high, low)) : 9 + digitsOfQuotient(q);
}

/** Writes an int64 in decimal so that it ends before `end`. */
export function writeInteger(bytes: Uint8Array, end: number, high: number, low: number): void {
  if (high === 0 && low >= 0) {
    writeSmall(bytes, end, low);
    return;
  }
  if (high >= 0) {
    writeMagnitude(bytes, end, high, low >>> 0);
    return;
  }
  const negated = (~low + 1) >>> 0;
  bytes[writeMagnitude(bytes, end, (negated === 0 ? ~high + 1 : ~high) >>> 0, negated) - 1] = MINUS;
}

/** Writes and gives where it starts. */
function writeMagnitude(bytes: Uint8Array, end: number, high: number, low: number): number {
  const q = quotientOf(high, low);
  if (q === 0) return writeSmall(bytes, end, restOf(high, low));
  let rest = restOf(high, low) | 0;
  let at = end;
  for (let pair = 0; pair < 4; pair++) {
    const next = (rest / 100) | 0;
    const two = (rest - next * 100) << 1;
    at -= 2;
    bytes[at] = PAIRS[two] as number;
    bytes[at + 1] = PAIRS[two + 1] as number;
    rest = next;
  }
  bytes[--at] = 48 + rest;
  if (q < BILLION) return writeSmall(bytes, at, q);
  // ten digits: the last nine keep their zeros
  const first = Math.floor(q / BILLION);
  let tail = (q - first * BILLION) | 0;
  for (let digit = 0; digit < 9; digit++) {
    const next = (tail / 10) | 0;
    bytes[--at] = 48 + tail - next * 10;
    tail = next;
  }
  bytes[--at] = 48 + first;
  return at;
}

/** Writes 0 to 2^31 - 1 and gives where it starts. */
function writeSmall(bytes: Uint8Array, end: number, value: number): number {
  let at = end;
  let n = value | 0;
  while (n >= 100) {
    const next = (n / 100) | 0;
    const two = (n - next * 100) << 1;
    at -= 2;
    bytes[at] = PAIRS[two] as number;
    bytes[at + 1] = PAIRS[two + 1] as number;
    n = next;
  }
  if (n < 10) bytes[--at] = 48 + n;
  else {
    at -= 2;
    bytes[at] = PAIRS[n << 1] as number;
    bytes[at + 1] = PAIRS[(n << 1) + 1] as number;
  }
  return at;
}
