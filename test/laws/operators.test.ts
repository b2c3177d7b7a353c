import { describe, expect, test } from 'vitest';
import { checkLaws } from '../../graph/test-kit/check.ts';
import { drive, type LawName } from '../../graph/test-kit/drive.ts';
import { build, cut } from '../../graph/test-kit/epochs.ts';
import { grouped } from '../../graph/test-kit/grouped.ts';
import { LAWS } from '../../graph/test-kit/laws.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { tapeFor } from '../../graph/test-kit/tape.ts';
import { operatorFolders } from './registered.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 1);
const TAPES = Number(process.env.MILLRACE_TAPES ?? 2);

const folders = await operatorFolders();

describe.each(folders.map((folder) => [folder.name, folder] as const))('operator %s', (_, folder) => {
  const { operator, cases } = folder;

  test('has examples, so that it can be held to the laws', () => {
    expect(folder.fault).toBeNull();
    expect(cases?.lawInputs.length ?? 0).toBeGreaterThan(0);
  });

  if (!cases) return;
  const subjects = () =>
    cases.lawInputs.map(({ params, inputs, files }) => subjectOf(operator, params, inputs, folder.files(params, files)));

  test('gives rows on every port for the generated input, so that the laws say something', () => {
    const reached = new Set<string>();
    for (const subject of subjects()) {
      for (let seed = SEED; seed < SEED + TAPES + 1; seed++) {
        const random = new Random(seed);
        const epochs = build(random, subject, cut(random, tapeFor(random, subject, cases), { style: 'random', clock: 'moving' }));
        for (const row of drive(subject, subject.create, epochs).rows) reached.add(row.port);
      }
    }
    expect([...reached].sort()).toEqual(Object.keys(operator.outputs).sort());
  });

  const violations = once(() => {
    const all = cases.lawInputs.flatMap(({ params, inputs, files }) => {
      const subject = subjectOf(operator, params, inputs, folder.files(params, files));
      const found = checkLaws(subject, { ...cases, seed: SEED, tapes: TAPES });
      return found.map(({ law, message }) => ({ law, message: `parameters ${JSON.stringify(params)}: ${message}` }));
    });
    return grouped(all, ({ law }) => law);
  });

  test.each(Object.keys(LAWS) as LawName[])('%s', { timeout: 300_000 }, (law) => {
    expect(violations().get(law) ?? []).toEqual([]);
  });
});

/** The value that is made when it is first asked for: the laws share their input, so all are tried when the first is asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
