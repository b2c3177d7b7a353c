import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Field, Float64, RecordBatchStreamWriter, Schema } from 'apache-arrow';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-preview-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function check(path: string, more = '', columns = '{ ts_event: timestamp, symbol: dictionary, price: float64, size: float64 }') {
  const text = `version: 1
pipelines:
  p:
    sources:
      trades:
        file: { path: "${path}" }
        ${more}
        schema: { columns: ${columns} }
    sinks:
      out: { from: trades, print: {} }
`;
  const { diagnostics, plans } = compile({
    text,
    file: join(folder, 'pipelines.yaml'),
    registry: declarations,
    env: {},
    files: disk,
    allowPaths: [],
    allowCode: false,
  });
  const found = diagnostics.map(({ code, line, column, message, hint }) => ({ code, at: `${line}:${column}`, message, hint }));
  return { found, format: plans[0]?.inputs[0]?.format?.name };
}

const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);

test('the ending tells the format; where it does not, the format has to be given', async () => {
  for (const [name, format] of [
    ['a.csv', 'csv'],
    ['a.csv.gz', 'csv'],
    ['a.ndjson', 'json'],
    ['a.jsonl.gz', 'json'],
    ['a.json', 'json'],
    ['a.arrow', 'arrow'],
    ['a.arrows.gz', 'arrow'],
  ] as const) {
    await write(name, '');
    expect(check(name), name).toEqual({ found: [], format });
  }
  expect(check('*.csv').format).toBe('csv');
  await write('a.txt', '');
  expect(check('a.txt', 'format: csv').format).toBe('csv');
  expect(check('a.txt').found).toMatchObject([
    {
      code: 'key-missing',
      message: 'source "trades" needs "format": nothing tells how the rows of connector "file" are written',
      hint: 'Give it one of: json, csv, capture, arrow.',
    },
  ]);
});

test('a header that lacks a column is told of where the column stands', async () => {
  const header = 'id,ts_event,symbol,Price,size\n';
  for (const [name, content] of [
    ['a.csv', Buffer.from(`\n${header}1,2,3,4,5\n`)],
    ['b.csv.gz', gzipSync(header + '1,2024-01-02T00:00:00Z,A,4,5\n'.repeat(300_000))],
  ] as const) {
    await write(name, content);
    const { found } = check(name);
    expect(found, name).toMatchObject([{ code: 'column-unknown', at: '8:71', message: 'the header has no field "price"' }]);
    expect(found[0]?.hint).toContain('Price');
    expect(check(name, '', '{ size: float64, symbol: dictionary }').found).toEqual([]);
    expect(check(name, 'format: { csv: { fields: [id, ts_event, symbol, price, size] } }').found).toEqual([]);
  }
  await write('rows.csv', '2024-01-02T00:00:00Z,A,4,5\n');
  expect(check('rows.csv').found).toEqual([]);
});

test('a file of another kind than its format is told of', async () => {
  const batch = batchOf(new Schema([new Field('price', new Float64())]), [{ price: 1 }]);
  await write('a.csv', RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true));
  await write('b.csv', Buffer.from('PNG\0\0'));
  await write('c.csv.gz', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]));
  await write('d.arrow', 'price\n1\n');
  const told = (name: string) => check(name).found.map(({ code, message }) => `${code}: ${message}`);
  expect(told('a.csv')).toEqual(['format-unfit: "a.csv" is an Arrow file']);
  expect(told('b.csv')).toEqual(['format-unfit: "b.csv" is not text']);
  expect(told('c.csv.gz')).toEqual([expect.stringContaining('format-unfit: the compressed data of "c.csv.gz" is damaged')]);
  expect(told('d.arrow')).toEqual(['format-unfit: "d.arrow" is no Arrow file']);
});
