import { describe, expect, test } from 'vitest';
import { readCaseFile } from '../../graph/test-kit/case-file.ts';
import { runCase, TRIALS } from '../../graph/test-kit/cases.ts';
import { operatorFolders } from '../laws/registered.ts';
import { TallyKernel, tally } from '../laws/tally.ts';

const folders = await operatorFolders();

describe.each(folders.map((folder) => [folder.name, folder] as const))('cases of %s', (_, folder) => {
  test('are there', () => {
    expect(folder.fault).toBeNull();
    expect(folder.cases?.cases.length ?? 0).toBeGreaterThan(0);
  });

  const cases = folder.cases?.cases ?? [];
  if (cases.length === 0) return;
  test.each(cases.map((one) => [one.name, one] as const))('%s', (__, one) => {
    const files = folder.files(one.params, one.files);
    const found = TRIALS.flatMap((trial) =>
      (runCase(folder.operator, { ...one, files }, trial) ?? []).map((message) => `${trial.kernel}, ${trial.style}: ${message}`),
    );
    expect(found).toEqual([]);
  });
});

const TALLY = `
columns: { ts_event: Timestamp, symbol: Dictionary, size: Float64? }
cases:
  - name: sums a second, then the next
    source: addition
    lateness: 1s
    inputs:
      in:
        - { ts_event: '1969-12-31T23:59:59.9Z', symbol: A, size: 1 }
        - { ts_event: -1, symbol: A, size: 2 }
        - { ts_event: 1723161255030314667, symbol: B, size: 4 }
        - { ts_event: 0, symbol: A, size: 8 }
        - { ts_event: 1723161255999999999, symbol: B, size: 0.5 }
        - { ts_event: 1723161255999999999, symbol: B, size: .nan }
    outputs:
      out:
        - { symbol: A, ts_event: '1970-01-01T00:00:00Z', volume: 3 }
        - { symbol: B, ts_event: '2024-08-08T23:54:16Z', volume: 4.5 }
      late: [{ ts_event: 0, size: 8 }]
      rejected: [{ row: 5, code: size }]
`;

describe('the runner', () => {
  const [one] = readCaseFile(TALLY).cases;
  if (!one) throw new RangeError('no case');

  test('passes a right kernel, whole and row by row', () => {
    const operator = tally(undefined, () => new TallyKernel());
    expect(TRIALS.map((trial) => runCase(operator, one, trial))).toEqual([[], [], [], []]);
  });

  test('skips a reference kernel that is not there', () => {
    expect(runCase(tally(), one, { kernel: 'reference', style: 'whole' })).toBeNull();
  });

  test('says which row of which port differs', () => {
    const wrong = { ...one, outputs: { ...one.outputs, late: [], out: [{ symbol: 'A', volume: 3.1 }] } };
    const found = runCase(tally(), wrong, { kernel: 'native', style: 'rows' });
    expect(found).toEqual([
      expect.stringContaining('port "out", row 0 of A: expected {symbol: "A", volume: 3.1}, got {ts_event: 0n, symbol: "A", volume: 3}'),
      expect.stringContaining('port "out", row 0 of B: expected none'),
      expect.stringContaining('port "late", row 0: expected none'),
    ]);
  });

  test('stops where event time stands, when the case says where', () => {
    const open = { ...one, watermarkNs: 1_723_161_255_000_000_000n, outputs: { ...one.outputs, out: one.outputs.out?.slice(0, 1) ?? [] } };
    expect(runCase(tally(), open, { kernel: 'native', style: 'whole' })).toEqual([]);
  });

  test.each([
    ['a case without a source', (text: string) => text.replace('    source: addition\n', ''), /source/],
    ['an unknown key', (text: string) => text.replace('lateness: 1s', 'latenes: 1s'), /latenes/],
    ['a type that is none of ours', (text: string) => text.replace('Float64?', 'Decimal'), /expected one of Float64/],
    ['a value for a column that is not declared', (text: string) => text.replace('size: 2', 'siz: 2'), /"siz"/],
  ])('refuses %s', (_, edit, message) => {
    expect(() => readCaseFile(edit(TALLY))).toThrow(message);
  });
});
