import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openDocument } from '../../connectors/document/source.ts';
import { rowsOf } from '../../graph/contract/rows.ts';
import { freshFolder } from '../run/fixture.ts';

/** What is done to a file between a look at it and its reading. */
let meanwhile: (path: string) => Promise<void> = async () => undefined;

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readFile = async (path: string): Promise<Buffer> => {
    await meanwhile(path);
    return real.readFile(path);
  };
  return { ...real, readFile };
});

it('half a text that is there while a document is read is not given for all of it', async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, 'limits.yaml'), 'before');
  const reader = await openDocument({ path: 'limits.yaml', every: 1_000_000n }, { folder, note: () => undefined }, () => 7n);
  const texts: unknown[] = [];
  let writes = 0;
  meanwhile = async (path) => {
    writes++;
    if (writes === 1) await writeFile(path, 'ha');
    if (writes === 2) await writeFile(path, 'half and all');
  };
  while (!texts.includes('half and all')) {
    const chunk = await reader.read(0, texts.length, 10, 1 << 20);
    if (chunk?.batch) texts.push(...rowsOf(chunk.batch).map(({ text }) => text));
    else await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await reader.close();
  expect(texts).toEqual(['half and all']);
});
