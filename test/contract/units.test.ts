import { describe, expect, test } from 'vitest';
import { duration, instant, interval, size } from '../../graph/contract/params.ts';
import { durationNs, instantNs, showBytes, showDuration, sizeBytes } from '../../graph/contract/units.ts';

describe('durations', () => {
  test.each([
    ['0s', 0n],
    ['1ns', 1n],
    ['250ms', 250_000_000n],
    ['1m', 60_000_000_000n],
    ['1d', 86_400_000_000_000n],
    ['9007199254740993ns', 9_007_199_254_740_993n],
  ])('%s', (text, ns) => {
    expect(durationNs(text)).toBe(ns);
  });

  test.each(['', '1', 's', '-1s', '1.5s', '1 s', '1S', '1w', ' 1s', '1s\n', '٣s', '1e3s', '999999999999d'])('%j is none', (text) => {
    expect(durationNs(text)).toBeNull();
    expect(duration().safeParse(text).success).toBe(false);
  });

  test('are shown as the shortest exact one, which reads back', () => {
    expect([1_500_000_000n, 60_000_000_000n, 1n, 0n, 86_400_000_000_000n].map(showDuration)).toEqual(['1500ms', '1m', '1ns', '0s', '1d']);
    for (let ns = 1n; ns < 10n ** 17n; ns = ns * 7n + 3n) expect(durationNs(showDuration(ns))).toBe(ns);
  });

  test('an interval is never zero', () => {
    expect(interval().safeParse('0s').success).toBe(false);
    expect(interval().safeParse('000ms').success).toBe(false);
    expect(interval().parse('01s')).toBe(1_000_000_000n);
  });
});

describe('sizes', () => {
  test.each([
    ['64KiB', 65_536],
    ['32MiB', 33_554_432],
    ['1GB', 1e9],
    ['0B', 0],
  ])('%s', (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
    expect(size().parse(text)).toBe(bytes);
  });

  test.each(['', '64', '64kib', '1.5MiB', '-1B', '99999999999999GiB'])('%j is none', (text) => {
    expect(sizeBytes(text)).toBeNull();
    expect(size().safeParse(text).success).toBe(false);
  });

  test('are shown for people', () => {
    expect([0, 1023, 1024, 1536 * 1024 ** 2].map(showBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 GiB']);
  });
});

describe('instants', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['2024-08-08T23:54:15.030314667Z', 1_723_161_255_030_314_667n],
    ['2024-08-08T23:54:15.25Z', 1_723_161_255_250_000_000n],
    ['2024-08-09T01:54:15+02:00', 1_723_161_255_000_000_000n],
    ['2024-08-08T23:54Z', 1_723_161_240_000_000_000n],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
    ['2262-04-11T23:47:16.854775807Z', 2n ** 63n - 1n],
    ['1677-09-21T00:12:43.145224192Z', -(2n ** 63n)],
  ])('%s', (text, ns) => {
    expect(instantNs(text)).toBe(ns);
    expect(instant().parse(text)).toBe(ns);
  });

  test.each([
    '2024-08-08',
    '2024-08-08T23:54:15',
    '2024-08-08 23:54:15Z',
    '2024-13-01T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-08-08T25:00:00Z',
    '2024-08-08T00:60:00Z',
    '2024-08-08T23:54.5Z',
    '2024-08-08T23:54:15.1234567890Z',
    '2262-04-11T23:47:16.854775808Z',
    '9999-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
  ])('%s is none', (text) => {
    expect(instantNs(text)).toBeNull();
    expect(instant().safeParse(text).success).toBe(false);
  });
});
