import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokerVersion, versionOf } from '../../connectors/kafka/version.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';

let broker: Kafka;

beforeAll(async () => {
  broker = await startKafka();
});
afterAll(() => broker?.close());

const at = (url: string) => ({ name: 'broker', url, shown: url, options: {} });

test('a broker tells its release', async () => {
  expect(await brokerVersion(at(`kafka://${broker.bootstrap}`), '.')).toEqual({ release: '4.1+', isGuarded: true });
});

test('one that does not answer tells nothing', async () => {
  expect(await brokerVersion(at('kafka://127.0.0.1:1'), '.')).toEqual({ release: null, isGuarded: false });
});

test.each([
  [1, '3.0', false],
  [18, '3.7', false],
  [19, '3.7', true],
  [25, '4.0', true],
  [90, '4.1+', true],
] as const)('feature level %i is release %s', (level, release, isGuarded) => {
  expect(versionOf(level)).toEqual({ release, isGuarded });
});
