import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { avro } from '../../connectors/formats/avro.ts';
import { type AvroOptions, PLAIN } from '../../connectors/formats/avro-columns.ts';
import { type AvroWire, arrowSchema } from '../../connectors/formats/avro-wire.ts';
import { outcome, payloadsOf } from './payloads.ts';

const VECTORS = JSON.parse(readFileSync(new URL('./avro-vectors/fastavro.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly {
    readonly name: string;
    readonly schema: unknown;
    readonly options: Partial<AvroOptions>;
    readonly payloads: readonly string[];
  }[];
};

const fail = (message: string) => {
  throw new Error(message);
};
const decoderOf = (schema: unknown, options: Partial<AvroOptions> = {}, registry: AvroWire['registry'] = null) =>
  avro.decoder(arrowSchema({ schema: JSON.stringify(schema), options: { ...PLAIN, ...options }, registry }, fail), {});
const record = (...fields: unknown[]) => ({ type: 'record', name: 'R', fields });
const one = (type: unknown) => record({ name: 'v', type });
const hex = (text: string) => Buffer.from(text, 'hex');
const decimal = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 };
const RECURSIVE = record({ name: 'next', type: ['null', 'R'] }, { name: 'all', type: { type: 'array', items: 'null' } });

test.each<[string, unknown, string, string, Partial<AvroOptions>]>([
  ['a number that ends early', one('long'), '80', 'avro-truncated', {}],
  ['nothing', one('double'), '', 'avro-truncated', {}],
  ['a string longer than its payload', one('string'), '0a6162', 'avro-truncated', {}],
  ['a length beyond all memory', one('bytes'), 'feffffffffffffffff01', 'avro-truncated', {}],
  ['a negative length', one('string'), '01', 'avro-length', {}],
  ['bytes behind the last field', one('int'), '0200', 'avro-trailing', {}],
  ['a number of eleven bytes', one('long'), '8080808080808080808001', 'avro-varint', {}],
  ['a number beyond 64 bits', one('long'), '80808080808080808002', 'avro-varint', {}],
  ['an int beyond 32 bits', one('int'), '8080808010', 'avro-int', {}],
  ['a boolean of 2', one('boolean'), '02', 'avro-boolean', {}],
  ['a branch that is not there', one(['null', 'int']), '04', 'avro-union', {}],
  ['a negative branch', one(['null', 'int']), '01', 'avro-union', {}],
  ['a symbol that is not there', one({ type: 'enum', name: 'E', symbols: ['a'] }), '02', 'avro-enum', {}],
  ['a string that is not UTF-8', one('string'), '04c328', 'text-encoding', {}],
  ['a word that is not UTF-8', one('string'), '04c328', 'text-encoding', { words: ['v'] }],
  ['a time beyond int64 ns', one({ type: 'long', logicalType: 'timestamp-millis' }), 'feffffffffffffffff01', 'avro-time-range', {}],
  ['a day beyond int64 ns', one({ type: 'int', logicalType: 'date' }), 'feffffff0f', 'avro-time-range', {}],
  ['a decimal beyond int64', one(decimal), '127fffffffffffffffff', 'avro-decimal-range', { decimals: 'exact' }],
  ['a block of more items than bytes', RECURSIVE, '00feffffffffffffffff01', 'avro-blocks', { nested: 'json' }],
  ['blocks without end', RECURSIVE, `00${'fe0f'.repeat(300)}`, 'avro-blocks', { nested: 'json' }],
  ['values in each other without end', RECURSIVE, '02'.repeat(500), 'avro-depth', { nested: 'json' }],
])('%s is refused, and its neighbours are not', (_, schema, damage, code, options) => {
  const decoded = decoderOf(schema, options).decode(payloadsOf([hex(damage), hex(damage)]));
  const { refused } = outcome(decoded);
  expect(refused).toMatchObject([
    { payload: 0, code, raw: hex(damage).toString('latin1') },
    { payload: 1, code },
  ]);
  expect(decoded.batch).toBeNull();
});

test.each([
  ['a frame cut short', '00000001', 'avro-frame'],
  ['nothing', '', 'avro-frame'],
  ['another first byte', '010000000102', 'avro-frame'],
  ['text', Buffer.from('{"v": 1}').toString('hex'), 'avro-frame'],
  ['a schema that is not pinned', '000000000502', 'avro-schema-unknown'],
  ['a schema that cannot be read as ours', '000000000302', 'avro-schema-unresolvable'],
  ['the same time in another unit', '000000000402', 'avro-schema-unresolvable'],
  ['damage behind a good frame', '000000000180', 'avro-truncated'],
  ['damage in another schema', '000000000280', 'avro-truncated'],
  ['more bytes in another schema', '00000000020202', 'avro-trailing'],
])('wire format: %s is refused', (_, damage, code) => {
  const time = (logicalType: string) => one({ type: 'long', logicalType });
  const others = { 2: JSON.stringify(one('int')), 3: JSON.stringify(one('string')), 4: JSON.stringify(time('timestamp-micros')) };
  const decoder = decoderOf(time('timestamp-millis'), {}, { id: 1, others });
  const good = hex('0000000001d00f');
  expect(outcome(decoder.decode(payloadsOf([good, hex(damage), hex('000000000204'), good])))).toMatchObject({
    rows: [{ v: 1_000_000_000n }, { v: 2_000_000n }, { v: 1_000_000_000n }],
    refused: [{ payload: 1, code, raw: hex(damage).toString('latin1') }],
  });
});

test('a schema that is not pinned names its subject and what fetches it', () => {
  const decoder = decoderOf(one('long'), {}, { id: 1, subject: 'trades-value', others: {} });
  expect(outcome(decoder.decode(payloadsOf([hex('000000000502')]))).refused[0]?.reason).toBe(
    'schema 5 is not one of subject "trades-value" as pipelines.lock has it: run "millrace pin", then start anew',
  );
});

test.each([
  ['000000000502', 'schema id 5:'],
  ['00000186a102', 'schema id 100001:'],
  ['00000000000a', null], // no registry gives the id 0
  ['00ffffffff0a', null],
  ['0a61', null],
])('bare Avro: %s says that it looks like the Confluent format, or not', (damage, said) => {
  const refused = outcome(
    decoderOf(record({ name: 'a', type: 'string' }, { name: 'v', type: 'double' })).decode(payloadsOf([hex(damage)])),
  ).refused;
  const reason = refused[0]?.reason ?? '';
  expect(reason).toMatch(/^the payload ends inside a value/);
  if (said === null) expect(reason).not.toContain('Confluent');
  else
    expect(reason).toContain(`it looks like the Confluent format with ${said} read it with schema: { registry: SUBJECT } in place of avsc`);
});

test('any bytes give rows or refusals, one for each payload, and leave the good ones as they are', () => {
  const subjects = VECTORS.cases.map(({ schema, options, payloads }) => {
    const decoder = decoderOf(schema, options);
    const good = payloads.map(hex);
    return { decoder, good, rows: outcome(decoder.decode(payloadsOf(good))).rows };
  });
  const damage = fc.record({ cut: fc.nat(), at: fc.nat(), bit: fc.nat({ max: 7 }), tail: fc.uint8Array({ maxLength: 12 }) });
  fc.assert(
    fc.property(
      fc.nat({ max: subjects.length - 1 }),
      fc.array(fc.oneof(damage, fc.uint8Array({ maxLength: 64 })), { maxLength: 8 }),
      (s, bad) => {
        const { decoder, good, rows } = subjects[s] as (typeof subjects)[number];
        const broken = bad.map((given, i) => {
          if (given instanceof Uint8Array) return given;
          const bytes = Buffer.concat([good[i % good.length] as Buffer, given.tail]);
          const cut = bytes.subarray(0, bytes.length - (given.cut % (bytes.length + 1)));
          if (cut.length > 0) cut[given.at % cut.length] = (cut[given.at % cut.length] as number) ^ (1 << given.bit);
          return cut;
        });
        const decoded = decoder.decode(payloadsOf([...good, ...broken, ...good]));
        const all = outcome(decoded);
        expect(all.rows.length + all.refused.length).toBe(2 * good.length + broken.length);
        expect(all.rows.slice(0, good.length)).toEqual(rows);
        expect(all.rows.slice(-good.length)).toEqual(rows);
        expect(all.refused.every(({ payload, code }) => payload >= good.length && code !== '')).toBe(true);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('any bytes behind a frame pass schema resolution or are refused', () => {
  const writer = record(
    { name: 'v', type: 'int' },
    { name: 's', type: ['null', 'string'] },
    { name: 'a', type: { type: 'array', items: 'null' } },
  );
  const decoder = decoderOf(one('long'), {}, { id: 1, others: { 2: JSON.stringify(writer) } });
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 24 }), { minLength: 1, maxLength: 10 }), (bodies) => {
      const { rows, refused } = outcome(decoder.decode(payloadsOf(bodies.map((body) => Buffer.concat([hex('0000000002'), body])))));
      expect(rows.length + refused.length).toBe(bodies.length);
    }),
    { numRuns: 1_000 },
  );
});
