import { readFileSync } from 'node:fs';
import { Type } from 'apache-arrow';
import { expect, test } from 'vitest';
import { avro } from '../../connectors/formats/avro.ts';
import { type AvroOptions, PLAIN } from '../../connectors/formats/avro-columns.ts';
import { arrowSchema } from '../../connectors/formats/avro-wire.ts';
import { outcome, payloadsOf } from './payloads.ts';

interface Vectors {
  readonly cases: readonly {
    readonly name: string;
    readonly schema: unknown;
    readonly options: Partial<AvroOptions>;
    readonly payloads: readonly string[];
    readonly rows: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly evolutions: readonly {
    readonly name: string;
    readonly writer: unknown;
    readonly reader: unknown;
    readonly payload: string;
    readonly row: Readonly<Record<string, unknown>>;
  }[];
}

/** Payloads made by fastavro; `make.py` beside them says how. */
const VECTORS = JSON.parse(readFileSync(new URL('./avro-vectors/fastavro.json', import.meta.url), 'utf8')) as Vectors;

const plain = (value: unknown) =>
  typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;

const fail = (message: string) => {
  throw new Error(message);
};

const plainRows = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));

test.each(VECTORS.cases)('$name, as fastavro wrote it', ({ schema, options, payloads, rows }) => {
  const arrow = arrowSchema({ schema: JSON.stringify(schema), options: { ...PLAIN, ...options }, registry: null }, fail);
  const { rows: read, refused } = outcome(avro.decoder(arrow, {}).decode(payloadsOf(payloads.map((hex) => Buffer.from(hex, 'hex')))));
  expect(refused).toEqual([]);
  expect(plainRows(read)).toEqual(rows);
});

test.each(VECTORS.evolutions)('schema resolution: $name', ({ writer, reader, payload, row }) => {
  const registry = { id: 300, others: { 70000: JSON.stringify(writer) } };
  const arrow = arrowSchema({ schema: JSON.stringify(reader), options: PLAIN, registry }, fail);
  const framed = Buffer.concat([Buffer.from([0, 0, 1, 0x11, 0x70]), Buffer.from(payload, 'hex')]);
  const { rows, refused } = outcome(avro.decoder(arrow, {}).decode(payloadsOf([framed])));
  expect(refused).toEqual([]);
  expect(plainRows(rows)).toEqual([row]);
});

test('types of the columns', () => {
  const schema = VECTORS.cases.find(({ name }) => name === 'enum')?.schema;
  const arrow = arrowSchema({ schema: JSON.stringify(schema), options: PLAIN, registry: null }, fail);
  expect(arrow.fields.map(({ name, type, nullable }) => [name, type.typeId, nullable])).toEqual([
    ['a', Type.Dictionary, false],
    ['b', Type.Dictionary, false],
    ['c', Type.Dictionary, true],
  ]);
});
