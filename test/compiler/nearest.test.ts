import { describe, expect, it } from 'vitest';
import { hintFor, nearest } from '../../graph/diagnostics/nearest.ts';

describe('nearest', () => {
  it.each([
    ['perid', ['price', 'period'], 'period'],
    ['trdaes', ['bars', 'trades'], 'trades'], // a swap is one edit
    ['emtpy', ['every', 'empty'], 'empty'],
    ['EventTime', ['event_time'], 'event_time'],
    ['event-time', ['event_time', 'arrival'], 'event_time'],
    ['a', ['b'], 'b'],
    ['sentiment', ['bars', 'filter'], null],
    ['', ['bars'], null],
    ['x'.repeat(10_000), ['bars'], null],
  ])('%s', (word, names, expected) => {
    expect(nearest(word, names)).toBe(expected);
  });

  it('gives way to a list of what there is, cut where it is long', () => {
    expect(hintFor('nothing', ['bid', 'ask'], 'columns')).toBe('The columns: bid, ask.');
    expect(hintFor('nothing', [], 'columns')).toBeUndefined();
    expect(
      hintFor(
        'zzzzzz',
        Array.from({ length: 30 }, (_, i) => `column_${i}`),
        'columns',
      ),
    ).toMatch(/column_23, and 6 more\.$/);
  });
});
