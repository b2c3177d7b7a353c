import { describe, expect, test } from 'vitest';
import { makeBatch } from '../../graph/contract/batch.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { sentiment } from '../../operators/sentiment/operator.ts';
import { NEWS, scored, tableOf } from './scored.ts';

const MIB = 1024 ** 2;

describe('headlines that mean harm', () => {
  test('one of 10 MB is refused with its size, and the next is scored', () => {
    const { out, rejected } = scored(['x'.repeat(10 * MIB), 'Infosys up'], { entities: 'entities.csv' }, tableOf(['Infosys']));
    expect(rejected.map(({ row, code, reason }) => [row, code, reason])).toEqual([
      [0, 'headline-too-large', 'headline has 10485760 bytes, more than 65536'],
    ]);
    expect(out.map(({ ts_event, entity }) => [ts_event, entity])).toEqual([[1n, 'Infosys']]);
  });

  test('one of 10 MB that is asked for is scored', () => {
    const { out } = scored(
      [`Infosys ${'up '.repeat((10 * MIB) / 3)}`],
      { entities: 'entities.csv', max_bytes: '16MiB' },
      tableOf(['Infosys']),
    );
    expect(out.map(({ entity }) => entity)).toEqual(['Infosys']);
  });

  test('bombs of HTML give one row or are refused', () => {
    const bombs = ['<b>', '<div a="', '&amp;', '&#60;', '<!--', '<script>', '<![CDATA[', '</', '&lt;', '<a b=\'">'];
    const texts = bombs.map((bomb) => `Infosys ${bomb.repeat(Math.floor(MIB / bomb.length))}`);
    const { out, rejected } = scored(texts, { entities: 'entities.csv', max_bytes: '2MiB' }, tableOf(['Infosys']));
    expect(rejected).toEqual([]);
    expect(out.map(({ entity }) => entity)).toEqual(texts.map(() => 'Infosys'));
  });

  test('one that names hundreds of entities is refused', () => {
    const names = Array.from({ length: 300 }, (_, i) => `Entity${i}`);
    const { out, rejected } = scored([names.join(' '), names.slice(0, 32).join(' ')], { entities: 'entities.csv' }, tableOf(names));
    expect(rejected.map(({ row, code }) => [row, code])).toEqual([[0, 'entities-too-many']]);
    expect(out).toHaveLength(32);
  });

  test('one name said ten thousand times is one entity', () => {
    const { out } = scored(['Infosys '.repeat(8_000)], { entities: 'entities.csv' }, tableOf(['Infosys']));
    expect(out).toHaveLength(1);
  });

  test('odd Unicode: what prints the same or not at all, right to left, combined, outside the first plane', () => {
    const table = tableOf(['Nestlé', "L'Oréal", 'Ünïcode', '漢字', 'Ärzte']);
    const texts = [
      'NESTLÉ up',
      'L’Oréal’s gain',
      'Infosys\u200b Ünï\u00adcode',
      '\u202eÜNÏCODE\u202c',
      '漢字: up',
      '漢字漢字',
      'A\u0308rzte',
      '\ud83d\ude80 Ärzte\ud83d\ude80',
      'Ärzte\u0301',
    ];
    const { out } = scored(texts, { entities: 'entities.csv' }, table);
    const wanted = ['Nestlé', "L'Oréal", 'Ünïcode', 'Ünïcode', '漢字', null, null, 'Ärzte', null];
    expect(out.map(({ entity }) => entity)).toEqual(wanted);
  });

  test('bytes of a text column that are no UTF-8 do no harm', () => {
    const texts = [Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('Infosys \xff up', 'latin1'), Buffer.from([0xf0, 0x9f])];
    const offsets = Int32Array.from([0, 3, 3 + (texts[1]?.length ?? 0), 5 + (texts[1]?.length ?? 0)]);
    const batch = makeBatch(NEWS, 3, [
      { values: BigInt64Array.from([0n, 1n, 2n]) },
      { values: new Uint8Array(Buffer.concat(texts)), offsets },
    ]);
    const rows: unknown[] = [];
    const kernel = subjectOf(sentiment, { entities: 'entities.csv' }, { in: NEWS }, tableOf(['Infosys'])).create();
    kernel.push(batch, 'in', (_port, some) => void rows.push(...rowsOf(some).map(({ entity }) => entity)), MIN_NS);
    expect(rows).toEqual([null, 'Infosys', null]);
  });
});
