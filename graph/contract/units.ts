const DURATIONS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

const SIZES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, KB: 1e3, MB: 1e6, GB: 1e9 };

/** `250ms`, `1s`, `5m`, `1h`, `1d` as ns; null when it is none of these or does not fit an int64. */
export function durationNs(text: string): bigint | null {
  const match = /^(\d+)(ns|us|ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : DURATIONS[match[2]];
  if (match?.[1] === undefined || unit === undefined) return null;
  const ns = BigInt(match[1]) * unit;
  return ns > MAX_INT64 ? null : ns;
}

/** `64KiB`, `32MiB` as bytes; null when it is none of these or beyond 2^53. */
export function sizeBytes(text: string): number | null {
  const match = /^(\d+)(B|KiB|MiB|GiB|KB|MB|GB)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : SIZES[match[2]];
  if (match?.[1] === undefined || unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/**
 * An ISO 8601 instant with zone (`2024-08-08T23:54:15.25Z`) as ns since 1970 UTC, all nine digits kept; null when it is not one, not a
 * day of the calendar, or does not fit an int64 (1677 to 2262).
 */
export function instantNs(text: string): bigint | null {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?:(:\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return null;
  const [, day, minutes, seconds = ':00', fraction = '', zone] = match;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const ms = Date.parse(`${day}T${minutes}${seconds}${zone}`);
  if (Number.isNaN(ms) || new Date(midnight).toISOString().slice(0, 10) !== day) return null; // Date.parse takes 30 February for 1 March
  const ns = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return ns < MIN_INT64 || ns > MAX_INT64 ? null : ns;
}

/** ns as the shortest exact duration: `1500ms`, `5m`. */
export function showDuration(ns: bigint): string {
  if (ns === 0n) return '0s';
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us'] as const) {
    const size = DURATIONS[unit] ?? 1n;
    if (ns % size === 0n) return `${ns / size}${unit}`;
  }
  return `${ns}ns`;
}

/** Bytes for people: `1.5 GiB`. */
export function showBytes(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const size = SIZES[unit] ?? 1;
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}
