import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { asOf } from '../../operators/as_of/operator.ts';
import { LEFT, quote, RIGHT, trade } from './rows.ts';
import { type Step, throughMerge } from './through-merge.ts';

/** Rows of a side: time and symbol. */
const side = fc.array(fc.record({ at: fc.nat(12), symbol: fc.constantFrom('A', 'B', 'C') }), { maxLength: 30 });

interface Given {
  readonly right: Row[];
  readonly left: Row[];
}

const given = fc.record({ right: side, left: side }).map(({ right, left }): Given => {
  const sorted = (rows: typeof right) => rows.toSorted((a, b) => a.at - b.at);
  return {
    right: sorted(right).map(({ at, symbol }, i) => quote(at, symbol, i)),
    left: sorted(left).map(({ at, symbol }, i) => trade(at, symbol, i)),
  };
});

/** By the definition: of all right rows of the key at or before, the last. */
function expected({ right, left }: Given, exclude: boolean, tolerance: bigint | null): (number | null)[] {
  return left.map((row) => {
    const ns = row.ts_event as bigint;
    const fit = right.filter(
      (other) => other.symbol === row.symbol && ((other.ts_event as bigint) < ns || (!exclude && other.ts_event === ns)),
    );
    const last = fit.at(-1);
    return last && (tolerance === null || ns - (last.ts_event as bigint) <= tolerance) ? Number(last.bid) : null;
  });
}

/** Epochs over the rows: side by side they get any number of rows each, whatever their times. */
function steps({ right, left }: Given, cuts: readonly (readonly [number, number])[]): Step[] {
  const rest = { right: [...right], left: [...left] };
  const taken = (name: keyof Given, count: number) => {
    const rows = rest[name].splice(0, count);
    const next = (rest[name][0]?.ts_event as bigint | undefined) ?? MAX_NS;
    return { batch: rows.length > 0 ? batchOf(name === 'right' ? RIGHT : LEFT, rows) : null, next };
  };
  return [...cuts, [99, 99] as const].map(([rights, lefts]) => {
    const [a, b] = [taken('right', rights), taken('left', lefts)];
    return { right: a.batch, left: b.batch, watermarks: [a.next, b.next] };
  });
}

describe('as_of where the engine merges its sides', () => {
  const cuts = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 8 });
  const ties = fc.constantFrom('include', 'exclude');

  it('gives each left row the last right row at or before it, ties and all, wherever epochs are cut', () => {
    fc.assert(
      fc.property(given, cuts, ties, fc.constantFrom(null, 0n, 3n), (rows, cut, tie, tolerance) => {
        const params = { ties: tie, ...(tolerance === null ? {} : { tolerance: `${tolerance}ns` }) };
        const out = (throughMerge(params, RIGHT, LEFT, steps(rows, cut)).get('out') ?? []).flatMap(rowsOf);
        const byNumber = out.toSorted((a, b) => Number(a.price) - Number(b.price));
        expect(byNumber.map((row) => row.bid)).toEqual(expected(rows, tie === 'exclude', tolerance));
        expect(out.map((row) => row.ts_event)).toEqual(rows.left.map((row) => row.ts_event));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('sends a late left row to `unmatched`, since its partner is forgotten, and passes an old right row over', () => {
    const found = throughMerge({}, RIGHT, LEFT, [
      { right: batchOf(RIGHT, [quote(10, 'A', 1), quote(20, 'A', 2)]), left: batchOf(LEFT, [trade(15, 'A', 1)]), watermarks: [30n, 30n] },
      { right: null, left: batchOf(LEFT, [trade(15, 'A', 2)]), watermarks: [40n, 40n], floorNs: 30n },
      { right: batchOf(RIGHT, [quote(12, 'A', 3)]), left: null, watermarks: [50n, 50n] },
      { right: null, left: batchOf(LEFT, [trade(50, 'A', 3)]), watermarks: [MAX_NS, MAX_NS] },
    ]);
    expect((found.get('unmatched') ?? []).flatMap(rowsOf).map((row) => row.price)).toEqual([2]);
    expect((found.get('out') ?? []).flatMap(rowsOf).map((row) => [row.price, row.bid])).toEqual([
      [1, 1],
      [3, 2],
    ]);
  });
});

describe('what as_of keeps', () => {
  const pushed = (params: object) => {
    const kernels = [subjectOf(asOf, params, { right: RIGHT, left: LEFT })].flatMap((s) => [s.create(), s.reference?.() ?? s.create()]);
    return kernels.map((kernel) => (port: string, rows: Row[]) => {
      const found: [string, Row][] = [];
      const batch = batchOf(port === 'right' ? RIGHT : LEFT, rows);
      kernel.push(batch, port, (name, out) => found.push(...rowsOf(out).map((row): [string, Row] => [name, row])), MIN_NS);
      return found.map(([name, row]) => [name, row.code ?? row.bid]);
    });
  };

  it('rejects right rows of one key too many; those of the others go on', () => {
    for (const push of pushed({ max_keys: 2 })) {
      expect(push('right', [quote(1, 'A', 1), quote(2, 'B', 2), quote(3, 'C', 3), quote(4, 'A', 4)])).toEqual([['rejected', 'keys-full']]);
      expect(push('left', [trade(5, 'A', 1), trade(5, 'B', 2), trade(5, 'C', 3)])).toEqual([
        ['out', 4],
        ['out', 2],
        ['out', null],
      ]);
    }
  });

  it('makes room of keys that are older than the tolerance, whether or not a watermark was told', () => {
    for (const push of pushed({ max_keys: 2, tolerance: '10ns' })) {
      expect(push('right', [quote(1, 'A', 1), quote(5, 'B', 2), quote(11, 'C', 3), quote(12, 'C', 4)])).toEqual([
        ['rejected', 'keys-full'],
      ]);
      expect(push('left', [trade(12, 'B', 1), trade(12, 'C', 1)])).toEqual([
        ['out', 2],
        ['out', 4],
      ]);
    }
  });

  it('forgets a key whose row is beyond the tolerance', () => {
    const { create } = subjectOf(asOf, { tolerance: '10ns' }, { right: RIGHT, left: LEFT });
    const kernel = create();
    const size = () => kernel.snapshot().reduce((sum, chunk) => sum + chunk.length, 0);
    const empty = size();
    kernel.push(batchOf(RIGHT, [quote(1, 'A', 1), quote(2, 'B', 1)]), 'right', () => undefined, MIN_NS);
    kernel.advance(11n, 0n, () => undefined);
    expect(size()).toBeGreaterThan(empty);
    kernel.advance(13n, 0n, () => undefined);
    expect(size()).toBe(empty);
  });
});

describe('faults of as_of', () => {
  const faults = (params: object, left = LEFT) => {
    try {
      subjectOf(asOf, params, { right: RIGHT, left });
      return [];
    } catch (error) {
      return (error as { faults: readonly string[] }).faults;
    }
  };

  it('names columns that are not there or would be there twice', () => {
    expect(faults({ by: ['venue'] })).toEqual(['there is no column "venue"', 'there is no column "venue"']);
    expect(faults({ columns: ['bid', 'ofr'] })).toEqual(['there is no column "ofr"']);
    expect(faults({ columns: ['bid', 'bid'] })).toEqual(['column-duplicate: as_of would have two columns "bid"']);
    expect(faults({ prefix: '', columns: ['ts_event'] })).toEqual(['column-duplicate: as_of would have two columns "ts_event"']);
  });
});
