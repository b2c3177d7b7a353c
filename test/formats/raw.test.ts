import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { expect, test } from 'vitest';
import { raw } from '../../connectors/formats/raw.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { outcome, payloadsOf, textsOf } from './payloads.ts';

const SCHEMA = new Schema([COLUMNS.ts_recv, COLUMNS.payload]);
const timed = (...messages: (string | Uint8Array)[]) => ({
  ...payloadsOf(messages),
  recvNs: BigInt64Array.from(messages, (_, i) => 1_723_161_255_030_314_667n + BigInt(i)),
});
const decode = (...messages: (string | Uint8Array)[]) => raw.decoder(SCHEMA, {}).decode(timed(...messages));

test('a message is its text and the time of its record', () => {
  expect(outcome(decode('{"a": 1}\n', '', 'é€😀'))).toEqual({
    rows: [
      { ts_recv: 1_723_161_255_030_314_667n, payload: '{"a": 1}\n' },
      { ts_recv: 1_723_161_255_030_314_668n, payload: '' },
      { ts_recv: 1_723_161_255_030_314_669n, payload: 'é€😀' },
    ],
    refused: [],
  });
});

test('bytes that are not UTF-8 are refused, the others keep their time and place', () => {
  const decoded = decode('x', Buffer.from('\xff', 'latin1'), 'y');
  expect(outcome(decoded)).toMatchObject({
    rows: [
      { ts_recv: 1_723_161_255_030_314_667n, payload: 'x' },
      { ts_recv: 1_723_161_255_030_314_669n, payload: 'y' },
    ],
    refused: [{ payload: 1, code: 'text-encoding', raw: '\xff' }],
  });
  expect([...(decoded.payloadOfRow ?? [])]).toEqual([0, 2]);
});

test('a character cut in two over messages is in neither', () => {
  const euro = Buffer.from('€');
  expect(outcome(decode('a', euro.subarray(0, 1), euro.subarray(1), 'b'))).toMatchObject({
    rows: [{ payload: 'a' }, { payload: 'b' }],
    refused: [{ payload: 1 }, { payload: 2 }],
  });
});

test('a source without times of its records is refused', () => {
  expect(outcome(raw.decoder(SCHEMA, {}).decode(payloadsOf(['x'])))).toMatchObject({ rows: [], refused: [{ code: 'record-time' }] });
});

test('it is written from the column "payload"', () => {
  const rows = [
    { ts_recv: 1n, payload: 'x' },
    { ts_recv: 2n, payload: '' },
    { ts_recv: 3n, payload: 'é' },
  ];
  expect(textsOf(raw.encoder?.(SCHEMA, {}).encode(batchOf(SCHEMA, rows)) as never)).toEqual(['x', '', 'é']);
});

test.each([
  [new Schema([COLUMNS.ts_recv]), 'no column "payload"'],
  [new Schema([COLUMNS.payload, COLUMNS.price]), 'column "price" besides'],
  [new Schema([new Field('payload', new Int64(), false)]), 'no column "payload"'],
])('other columns are not left out in silence: %s', (schema, why) => {
  expect(() => raw.encoder?.(schema, {})).toThrowError(
    expect.objectContaining({ code: 'raw-columns', message: expect.stringContaining(why) }),
  );
  expect(() => raw.encoder?.(new Schema([new Field('payload', new Utf8(), false)]), {})).not.toThrow();
});
