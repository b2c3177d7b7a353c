import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Schema, Utf8 } from 'apache-arrow';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { declarations } from '../../cli/registry.ts';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { defineOperator } from '../../graph/contract/operator.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from './fixture.ts';

const OUT = new Schema([COLUMNS.ts_event, COLUMNS.sequence, field('text', new Utf8(), false, 'text of the file')]);

/** Stamps every row with the text of a file; `current`: as it is now. */
const stamp = (current: boolean) =>
  defineOperator({
    name: 'stamp',
    summary: 'Stamps rows.',
    semantics: 1,
    determinism: 'exact',
    params: z.strictObject({ file: z.string() }),
    inputs: { in: { description: 'rows' } },
    outputs: { out: { description: 'stamped rows' } },
    groups: () => null,
    schema: () => ({ out: OUT }),
    files: ({ file }) => [{ path: file, place: { path: ['file'] }, current }],
    create: ({ params, files }) => ({
      push: (batch, _, emit) =>
      emit('out', batchOf(OUT, rowsOf(batch).map(({ ts_event = null, sequence = null }) => ({ ts_event, sequence, text: files.get(params.file) ?? null })))), // biome-ignore format: one step
      advance: () => {},
      nextTimer: () => null,
      snapshot: () => [],
      restore: () => {},
    }),
  });

const YAML = `version: 1
pipelines:
  p:
    tasks: 1
    sources:
      exchange: { simulate: { symbols: 1, rate: 2000, quotes: 0 } }
    operators:
      stamped: { use: stamp, from: exchange, with: { file: word.txt } }
    sinks:
      out: { from: stamped, memory: { table: out } }
`;

/** A pipeline over a file `word.txt`, started as often as asked. */
async function stamping(current: boolean) {
  const dir = await freshFolder();
  const table = new Table();
  const memory = tableConnector(new Map([['out', table]]));
  const registry: Registry = {
    ...declarations,
    operators: new Map([['stamp', stamp(current)]]),
    connectors: new Map([...declarations.connectors, ['memory', memory]]),
  };
  const notes: string[] = [];
  const seen = (text: string): number => table.rows.filter((row) => row.text === text).length;
  const start = async () => {
    const file = join(dir, 'pipelines.yaml');
    const { plans, diagnostics } = compile({ text: YAML, file, registry, env: {}, files: disk, allowPaths: [], allowCode: false });
    expect(diagnostics).toEqual([]);
    const log = await openLog(dir);
    return { log, running: runPipeline(plans[0] as Plan, environmentOf(log, registry, dir, notes)) };
  };
  const write = (word: string) => writeFile(join(dir, 'word.txt'), word);
  await write('one');
  const first = await start();
  await until(() => seen('one') > 0);
  await write('two');
  await first.log.close(); // as a crash: nothing is closed off
  expect((await first.running.done).state).toBe('failed');
  return { table, notes, seen, start };
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};

function expectEachOnce({ rows }: Table): void {
  const texts = rows.map((row) => row.text);
  expect(texts.lastIndexOf('one')).toBeLessThan(texts.indexOf('two'));
  const numbers = rows.map((row) => Number(row.sequence)).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
}

it('runs with the texts that its state began with until a clean stop, and takes changed ones over after it', async () => {
  const { table, notes, seen, start } = await stamping(false);
  const again = await start();
  const before = seen('one');
  await until(() => seen('one') > before);
  expect(seen('two')).toBe(0);
  expect(notes.filter((note) => note.includes('"word.txt" changed'))).toHaveLength(1);
  await again.running.drain();
  expect((await again.running.done).state).toBe('done');
  await again.log.close();

  const third = await start();
  await until(() => seen('two') > 0);
  await third.running.drain();
  await third.log.close();
  expectEachOnce(table);
});

it('takes over at once what a file says that counts as it is now, as the card of a model does', async () => {
  const { table, notes, seen, start } = await stamping(true);
  const again = await start();
  await until(() => seen('two') > 0);
  expect(notes).toContainEqual('"word.txt" changed since this run began, and counts from here on');
  await again.running.drain();
  expect((await again.running.done).state).toBe('done');
  await again.log.close();
  expectEachOnce(table);
});
