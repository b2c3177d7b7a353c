import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ascending } from '../../graph/wire/ascending.ts';

it('rows are put in order of time, edge and number, whatever stretches they come in', () => {
  const rows = fc.array(fc.record({ time: fc.integer({ min: -5, max: 5 }), edge: fc.nat(2) }), { maxLength: 60 });
  fc.assert(
    fc.property(rows, (given) => {
      const order = ascending(
        Float64Array.from(given, ({ time }) => time),
        Int32Array.from(given, ({ edge }) => edge),
      );
      const plain = given.map((row, i) => ({ ...row, i })).sort((a, b) => a.time - b.time || a.edge - b.edge || a.i - b.i);
      const sorted = plain.map(({ i }) => i);
      expect(order === null ? sorted : [...order]).toEqual(order === null ? given.map((_, i) => i) : sorted);
    }),
    { numRuns: 500, seed: 3 },
  );
});
