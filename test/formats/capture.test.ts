import { expect, test } from 'vitest';
import { capture } from '../../connectors/formats/capture.ts';
import { outcome, payloadsOf } from './payloads.ts';

const decode = (...lines: (string | Uint8Array)[]) =>
  outcome(capture.decoder(capture.ownSchema?.({}) as never, {}).decode(payloadsOf(lines)));

test('a line is its receive time and its payload', () => {
  expect(decode('1723161255030314667 {"a": 1}\n', '-1 x y\r\n').rows).toEqual([
    { ts_recv: 1_723_161_255_030_314_667n, payload: '{"a": 1}' },
    { ts_recv: -1n, payload: 'x y' },
  ]);
});

test.each([
  ['capture-stamp', ''],
  ['capture-stamp', '{"a":1}'],
  ['capture-stamp', '1723161255030314667'],
  ['capture-stamp', '1723161255.03 {}'],
  ['capture-stamp', '9223372036854775808 {}'],
  ['capture-empty', '1 '],
])('%s: "%s"', (code, line) => {
  expect(decode(line, '1 x')).toMatchObject({ rows: [{ payload: 'x' }], refused: [{ payload: 0, code, raw: line }] });
});

test('bytes that are not UTF-8 are refused', () => {
  expect(decode(Buffer.from('1 \xff', 'latin1')).refused).toMatchObject([{ code: 'text-encoding' }]);
});
