import { Type } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { drive } from '../../graph/test-kit/drive.ts';
import type { Epoch, Push } from '../../graph/test-kit/epochs.ts';
import { rowsFor } from '../../graph/test-kit/generate.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { type Subject, subjectOf } from '../../graph/test-kit/subject.ts';
import { keyText } from '../../graph/test-kit/tape.ts';
import { operatorFolders } from './registered.ts';

const KEYS = 12_000;
const folders = await operatorFolders();

/** One row for each of many keys, all within one second. */
function push(subject: Subject, rows: readonly Row[]): Push {
  const schema = Object.values(subject.inputs)[0];
  if (!schema) throw new RangeError('an operator without inputs');
  const tape = rows.map((row, id) => ({
    id,
    port: 'in',
    partition: 0,
    key: keyText(subject, row),
    row,
    ns: 0n,
    floorNs: MIN_NS,
    late: false,
  }));
  return { port: 'in', rows: tape, batch: batchOf(schema, rows), floorNs: MIN_NS };
}

describe.each(folders.map((folder) => [folder.name, folder] as const))('operator %s', (_, { operator, cases, files }) => {
  const keyed = (cases?.lawInputs ?? [])
    .map(({ params, inputs, files: own }) => subjectOf(operator, params, inputs, files(params, own)))
    .find(
      ({ groups, inputs }) =>
        inputs.in && groups?.some((name) => inputs.in?.fields.some((f) => f.name === name && f.type.typeId === Type.Dictionary)),
    );

  test.skipIf(!keyed)(
    `snapshots the state of ${KEYS} keys in chunks of at most 512 KiB and goes on from them (skipped without a key)`,
    () => {
      const subject = keyed as Subject;
      const schema = subject.inputs.in;
      const words =
        schema?.fields.filter((f) => subject.groups?.includes(f.name) && f.type.typeId === Type.Dictionary).map((f) => f.name) ?? [];
      const rows = rowsFor(new Random(1), schema as never, KEYS, cases?.ranges).map((row, i): Row => {
        const time = subject.time.in ?? null;
        return { ...row, ...Object.fromEntries(words.map((name) => [name, `key ${i}`])), ...(time === null ? {} : { [time]: BigInt(i) }) };
      });
      const epochs: Epoch[] = [
        { pushes: [push(subject, rows)], watermarkNs: 0n, clockNs: 0n },
        { pushes: [push(subject, rows)], watermarkNs: MAX_NS, clockNs: 0n },
      ];
      const plain = drive(subject, subject.create, epochs, { snapshots: true });
      const restarted = drive(subject, subject.create, epochs, { restartAfter: () => true });
      expect([...plain.violations, ...restarted.violations]).toEqual([]);
      const text = ({ rows: some }: typeof plain): string[] => some.map((row) => `${row.port} ${row.text}`);
      expect(text(restarted)).toEqual(text(plain));
      const bytes = (plain.snapshots[0] ?? []).reduce((sum, chunk) => sum + chunk.length, 0);
      expect(plain.snapshots[0]?.length ?? 0).toBeGreaterThanOrEqual(Math.ceil(bytes / SNAPSHOT_CHUNK_BYTES));
    },
  );
});
