import type { RecordBatch } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { column } from '../../graph/contract/batch.ts';
import type { Emit, Kernel, MergedPart } from '../../graph/contract/kernel.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { checkLaws } from '../../graph/test-kit/check.ts';
import type { LawName } from '../../graph/test-kit/drive.ts';
import { LAWS } from '../../graph/test-kit/laws.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { type Tape, tapeFor } from '../../graph/test-kit/tape.ts';
import { ROWS, SYNTHETIC } from '../wire/synthetic.ts';
import { TALLY_INPUT, TALLY_OUTPUT, TallyKernel, tally } from './tally.ts';

const SIZES = { size: { from: 0, to: 100, step: 1 } };
const OPTIONS = { seed: 1, tapes: 20, maxRows: 40, stepNs: 300_000_000n, ranges: {} };

function violated(create: () => Kernel, law: LawName, reference?: () => Kernel): string | null {
  const subject = subjectOf(tally(create, reference), {}, { in: TALLY_INPUT });
  return checkLaws(subject, { ...OPTIONS, laws: [law] })[0]?.message ?? null;
}

let instances = 0;

/** One kernel a law, broken in the way that law forbids. */
const BROKEN: Readonly<Record<LawName, () => Kernel>> = {
  totality: () =>
    new (class extends TallyKernel {
      protected override row(row: Row, index: number, emit: Emit, floorNs: bigint): void {
        if (row.size === Number.MAX_VALUE) throw new RangeError('too large');
        super.row(row, index, emit, floorNs);
      }
    })(),
  'schema truth': () =>
    new (class extends TallyKernel {
      override push(batch: RecordBatch, _port: string, emit: Emit): void {
        emit('out', batch);
      }
    })(),
  'split invariance': () =>
    new (class extends TallyKernel {
      override push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void {
        super.push(batch, port, (to, rows) => to === 'late' || emit(to, rows), floorNs);
        if (batch.numRows > 3) this.add('batches of many rows', 0n, 1);
      }
    })(),
  'restart invariance': () =>
    new (class extends TallyKernel {
      override restore(chunks: readonly Uint8Array[]): void {
        super.restore(chunks);
        for (const window of this.windows.values()) window.volume = Math.fround(window.volume);
      }
    })(),
  determinism: () => {
    const instance = instances++;
    return new (class extends TallyKernel {
      protected override add(symbol: string, end: bigint, size: number): void {
        super.add(symbol, end, size + instance);
      }
    })();
  },
  'no look-ahead': () =>
    new (class extends TallyKernel {
      override push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void {
        this.last = (column(batch, 'size').values as Float64Array)[batch.numRows - 1] ?? 0;
        super.push(batch, port, emit, floorNs);
      }
      private last = 0;
      protected override add(symbol: string, end: bigint): void {
        super.add(symbol, end, this.last);
      }
    })(),
  'key independence': () =>
    new (class extends TallyKernel {
      private total = 0;
      protected override add(symbol: string, end: bigint, size: number): void {
        this.total += size;
        super.add(symbol, end, this.total);
      }
    })(),
  'watermark safety': () =>
    new (class extends TallyKernel {
      private behind = -(2n ** 63n);
      override advance(watermarkNs: bigint, clockNs: bigint, emit: Emit): void {
        super.advance(this.behind, clockNs, emit);
        this.behind = watermarkNs;
      }
    })(),
  'native = reference': () =>
    new (class extends TallyKernel {
      protected override add(symbol: string, end: bigint, size: number): void {
        super.add(symbol, end, size * (1 + 1e-8));
      }
    })(),
  'merged = pushed': () =>
    new (class extends TallyKernel {
      pushMerged([part]: readonly MergedPart[], _: Int32Array, emit: Emit, floorNs: bigint): void {
        if (part) this.push(part.batch.slice(1), part.port, emit, floorNs);
      }
    })(),
  'inputs unchanged': () =>
    new (class extends TallyKernel {
      override push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void {
        super.push(batch, port, emit, floorNs);
        (column(batch, 'ts_event').values as BigInt64Array)[0] = 0n;
      }
    })(),
  'outputs unchanged': () =>
    new (class extends TallyKernel {
      private kept: RecordBatch | null = null;
      override advance(watermarkNs: bigint, clockNs: bigint, emit: Emit): void {
        if (this.kept) (column(this.kept, 'volume').values as Float64Array).fill(-1);
        super.advance(watermarkNs, clockNs, (port, batch) => {
          this.kept = batch;
          emit(port, batch);
        });
      }
    })(),
};

describe('a right kernel', () => {
  test('keeps every law', () => {
    const subject = subjectOf(
      tally(undefined, () => new TallyKernel()),
      {},
      { in: TALLY_INPUT },
    );
    expect(checkLaws(subject, OPTIONS)).toEqual([]);
  });

  test.each(['sum', 'window', 'ticker', 'split'])('of the wiring tests keeps every law: %s', (name) => {
    const subject = subjectOf(SYNTHETIC.get(name) as Operator<object>, {}, { in: ROWS });
    expect(checkLaws(subject, { ...OPTIONS, tapes: 8, stepNs: 20n, ranges: SIZES })).toEqual([]);
  });

  test('of two input ports keeps every law', () => {
    const subject = subjectOf(SYNTHETIC.get('beside') as Operator<object>, {}, { left: ROWS, right: ROWS });
    expect(checkLaws(subject, { ...OPTIONS, tapes: 8, stepNs: 20n, ranges: SIZES })).toEqual([]);
  });
});

describe('the generated input', () => {
  const subject = subjectOf(tally(), {}, { in: TALLY_INPUT });
  const tapes = Array.from({ length: 60 }, (_, i) => tapeFor(new Random(i + 1), subject, OPTIONS));
  const share = (of: (tape: Tape) => boolean): number => tapes.filter(of).length / tapes.length;

  test('holds what operators stumble over', () => {
    expect(share((tape) => tape.rows.some((row) => row.late))).toBeGreaterThan(0.3);
    expect(share((tape) => tape.rows.every((row) => !row.late))).toBeGreaterThan(0.2);
    expect(share((tape) => new Set(tape.rows.map((row) => row.partition)).size > 1)).toBeGreaterThan(0.2);
    expect(share((tape) => new Set(tape.rows.map((row) => row.key)).size > 4)).toBeGreaterThan(0.1);
    expect(share((tape) => new Set(tape.rows.map((row) => row.key)).size === 1)).toBeGreaterThan(0.1);
    expect(share((tape) => tape.rows.some((row, i) => i > 0 && row.ns === tape.rows[i - 1]?.ns))).toBeGreaterThan(0.3);
    expect(share((tape) => tape.rows.some((row) => (row.ns ?? 0n) < 0n))).toBeGreaterThan(0.2);
    expect(share((tape) => tape.rows.some((row) => row.row.size === null))).toBeGreaterThan(0.5);
    expect(share((tape) => tape.rows.some((row) => Number.isNaN(row.row.size)))).toBeGreaterThan(0.1);
  });

  test('is the same for the same seed', () => {
    expect(tapeFor(new Random(9), subject, OPTIONS)).toEqual(tapeFor(new Random(9), subject, OPTIONS));
  });
});

describe('a broken kernel is caught by the law', () => {
  test.each(Object.keys(LAWS) as LawName[])('%s', (law) => {
    const message = violated(BROKEN[law], law, () => new TallyKernel());
    expect(message).toMatch(/^tally, seed \d+: /);
  });

  test('restart invariance: a state chunk of more than 512 KiB', () => {
    const create = () =>
      new (class extends TallyKernel {
        override snapshot(): Uint8Array[] {
          return [Buffer.concat([...super.snapshot(), Buffer.alloc(512 * 1024, ' ')])];
        }
      })();
    expect(violated(create, 'restart invariance')).toContain('a chunk of');
  });

  test('restart invariance: a snapshot that shares memory with the living kernel', () => {
    const create = () =>
      new (class extends TallyKernel {
        private readonly shared = new Uint8Array(64 * 1024);
        override snapshot(): Uint8Array[] {
          const bytes = Buffer.concat(super.snapshot());
          this.shared.fill(0x20);
          this.shared.set(bytes);
          return [this.shared];
        }
      })();
    expect(violated(create, 'restart invariance')).toContain('from the state after epoch');
  });

  test('split invariance: rows called late by the watermark of the epoch before, not by their floor', () => {
    const create = () =>
      new (class extends TallyKernel {
        private watermark = -(2n ** 63n);
        override push(batch: RecordBatch, port: string, emit: Emit): void {
          super.push(batch, port, emit, this.watermark);
        }
        override advance(watermarkNs: bigint, clockNs: bigint, emit: Emit): void {
          this.watermark = watermarkNs;
          super.advance(watermarkNs, clockNs, emit);
        }
      })();
    expect(violated(create, 'split invariance')).toContain('port "');
  });

  test('schema truth: a null where the field allows none', () => {
    const create = () =>
      new (class extends TallyKernel {
        override push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void {
          super.push(batch, port, emit, floorNs);
        }
        protected override add(symbol: string, end: bigint): void {
          super.add(symbol, end, null as never);
          for (const window of this.windows.values()) window.volume = null as never;
        }
      })();
    expect(violated(create, 'schema truth')).toContain('null in row');
  });

  test('restart invariance: a timer that is not restored', () => {
    const create = () =>
      new (class extends TallyKernel {
        private due: bigint | null = null;
        override advance(watermarkNs: bigint, clockNs: bigint, emit: Emit): void {
          this.due = clockNs + 1n;
          super.advance(watermarkNs, clockNs, emit);
        }
        override nextTimer(): bigint | null {
          return this.due;
        }
      })();
    expect(violated(create, 'restart invariance')).toContain('the timer was');
  });

  test('watermark safety: rows kept back that leave with a floor they are behind', () => {
    const create = () =>
      new (class extends TallyKernel {
        private kept: bigint | null = null;
        override push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void {
          super.push(batch, port, emit, floorNs);
          const times = column(batch, 'ts_event').values as BigInt64Array;
          if (this.kept !== null) emit('out', batchOf(TALLY_OUTPUT, [{ ts_event: this.kept, symbol: 'kept', volume: 1 }]));
          this.kept = times[batch.numRows - 1] ?? null;
        }
      })();
    expect(violated(create, 'watermark safety')).toMatch(/watermark/);
  });

  test('with the fewest rows that show it', () => {
    const message = violated(BROKEN.totality, 'totality') ?? '';
    expect(message.split('rows read')[1]?.trim().split('\n').length).toBe(2);
  });
});
