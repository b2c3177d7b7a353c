import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { openDocument } from '../../connectors/document/source.ts';
import type { SourceReader } from '../../graph/contract/connector.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { rowsOf } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from '../run/fixture.ts';

const EVERY = 1_000_000n;

/** Puts a version of the file in place, whole. */
async function written(folder: string, content: string | Buffer): Promise<void> {
  const fresh = join(folder, 'fresh');
  await writeFile(fresh, content);
  await rename(fresh, join(folder, 'limits.yaml'));
}

describe('a document', () => {
  let folder: string;
  let notes: string[];
  let reader: SourceReader;
  const open = async (): Promise<void> => {
    reader = await openDocument({ path: 'limits.yaml', every: EVERY }, { folder, note: (line) => notes.push(line) }, () => 7n);
  };
  const write = (content: string | Buffer): Promise<void> => written(folder, content);
  /** The next version, waited for as the engine does. */
  const next = async (from: number): Promise<unknown> => {
    for (;;) {
      const chunk = await reader.read(0, from, 10, 1 << 20);
      if (chunk?.batch)
        return { from: chunk.from, to: chunk.to, rows: rowsOf(chunk.batch).map(({ text, ts_recv }) => ({ text, ts_recv })) };
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const looks = async (from: number, until: () => boolean): Promise<void> => {
    while (!until()) {
      expect(await reader.read(0, from, 10, 1 << 20)).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  beforeEach(async () => {
    folder = await freshFolder();
    notes = [];
    await write('one');
    await open();
  });
  afterEach(() => reader.close());

  it('gives each version once, as a row at the next position', async () => {
    expect(await next(0)).toEqual({ from: 0, to: 1, rows: [{ text: 'one', ts_recv: 7n }] });
    await write('two');
    expect(await next(1)).toEqual({ from: 1, to: 2, rows: [{ text: 'two', ts_recv: 7n }] });
    await write('two'); // written again, not changed
    await write('three');
    expect(await next(2)).toEqual({ from: 2, to: 3, rows: [{ text: 'three', ts_recv: 7n }] });
    expect(reader.ended(0, 3)).toBe(false);
  });

  it('sees a file that took the place of another of its size and its time', async () => {
    const then = new Date(1_700_000_000_000);
    const path = join(folder, 'limits.yaml');
    await utimes(path, then, then);
    await next(0);
    await writeFile(join(folder, 'fresh'), 'two');
    await utimes(join(folder, 'fresh'), then, then);
    await rename(join(folder, 'fresh'), path);
    expect(await next(1)).toMatchObject({ rows: [{ text: 'two' }] });
  });

  it('gives versions again until they are committed', async () => {
    await next(5);
    await write('two');
    expect(await next(6)).toMatchObject({ from: 6, rows: [{ text: 'two' }] });
    expect(await next(5)).toMatchObject({ from: 5, rows: [{ text: 'one' }] }); // both epochs failed
    reader.committed?.(0, 6);
    expect(await next(6)).toMatchObject({ from: 6, rows: [{ text: 'two' }] });
    reader.committed?.(0, 7);
    await write('three');
    expect(await next(7)).toMatchObject({ from: 7, rows: [{ text: 'three' }] });
  });

  it('gives the file as it is after a start, wherever it stood', async () => {
    await reader.close();
    await open();
    expect(await next(41)).toEqual({ from: 41, to: 42, rows: [{ text: 'one', ts_recv: 7n }] });
  });

  it('goes on with what it was while it is gone, too large or no text, and says so once', async () => {
    await next(0);
    await rm(join(folder, 'limits.yaml'));
    await looks(1, () => notes.length === 1);
    await write(Buffer.from([0x61, 0xff]));
    await looks(1, () => notes.length === 2);
    await write('x'.repeat(1 << 20));
    await looks(1, () => notes.length === 3);
    expect(notes.map((note) => note.replace(/\d{4,}/g, 'n'))).toEqual([
      'limits.yaml cannot be read (ENOENT); what was read last goes on',
      'limits.yaml is not UTF-8; what was read last goes on',
      'limits.yaml has n bytes, more than n; what was read last goes on',
    ]);
    await write('back');
    expect(await next(1)).toMatchObject({ rows: [{ text: 'back' }] });
  });

  it('fails, to be tried again, as long as there has been no version', async () => {
    await rm(join(folder, 'limits.yaml'));
    await expect(next(0)).rejects.toMatchObject({ code: 'document-unreadable', retry: 'backoff' });
    await write('late');
    expect(await next(0)).toMatchObject({ rows: [{ text: 'late' }] });
  });
});

it('is landed in a topic, so that every version is read once also where nobody else has the file', async () => {
  const dir = await freshFolder();
  const file = join(dir, 'pipelines.yaml');
  const text = `version: 1
pipelines:
  p:
    tasks: 2
    sources:
      limits: { document: { path: limits.yaml, every: 10ms }, watermark: none }
    operators:
      kept: { use: select, from: limits, with: { keep: [ts_event, text] } }
    sinks:
      out: { from: kept, memory: { table: t } }
`;
  await written(dir, 'one');
  const table = new Table();
  const registry = {
    ...declarations,
    connectors: new Map([...declarations.connectors, ['memory', tableConnector(new Map([['t', table]]))]]),
  };
  const { plans, diagnostics } = compile({ text, file, registry, env: {}, files: disk, allowPaths: [], allowCode: false });
  expect(diagnostics).toEqual([]);
  const plan = plans[0] as Plan;
  expect(plan.inputs.map(({ name, landing }) => [name, landing])).toEqual([
    ['limits.land', { into: '_millrace.p.land.limits' }],
    ['limits', { from: 'limits.land' }],
  ]);
  const texts = (): unknown[] => table.rows.map((row) => row.text);
  const until = async (version: string): Promise<void> => {
    while (!texts().includes(version)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  let log = await openLog(dir);
  let running = runPipeline(plan, environmentOf(log, registry, dir));
  await until('one');
  await written(dir, 'two');
  await until('two');
  await running.drain();
  await log.close();
  await written(dir, 'three');
  log = await openLog(dir);
  running = runPipeline(plan, environmentOf(log, registry, dir));
  await until('three');
  await running.drain();
  await log.close();
  expect(texts()).toEqual(['one', 'two', 'three']);
});
