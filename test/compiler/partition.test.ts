import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from '../../graph/contract/partition.ts';

// org.apache.kafka.common.utils.UtilsTest.testMurmur2
const KAFKA_VECTORS: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

describe('murmur2', () => {
  it.each(KAFKA_VECTORS)('hashes %j as Kafka does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('gives the partition of the positive hash', () => {
    for (const [key, hash] of KAFKA_VECTORS) {
      const positive = hash < 0 ? hash + 2 ** 31 : hash;
      expect(partitionOf(Buffer.from(key), 7)).toBe(positive % 7);
    }
  });
});
