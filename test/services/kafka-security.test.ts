import { expect, test } from 'vitest';
import { type Kafka, kafkaMissing, startKafka } from './kafka.ts';
import { consumeAll, produce } from './kafka-client.ts';
import type { Security } from './kafka-settings.ts';
import { describeWith } from './suite.ts';

const TOPIC_DENIED = 29;
const REFUSAL_MS = 3_000; // the client does not say that it was refused, and goes on trying

async function served(security: Security, use: (kafka: Kafka) => Promise<void>): Promise<void> {
  const kafka = await startKafka({ security });
  try {
    await kafka.admin.createTopic('t');
    await use(kafka);
  } finally {
    await kafka.close();
  }
}

const exchanged = async (kafka: Kafka): Promise<string[]> => {
  await produce(kafka, 't', [{ value: 'a' }]);
  return (await consumeAll(kafka, 't')).map(({ value }) => String(value));
};

/** The same cluster with other client settings. */
const as = (kafka: Kafka, settings: Record<string, string>): Kafka => ({ ...kafka, client: () => settings });

describeWith('Kafka with passwords, TLS and rights', [kafkaMissing()], () => {
  test('TLS: serves who trusts its CA, and nobody else', () =>
    served({ tls: true }, async (kafka) => {
      expect(await exchanged(kafka)).toEqual(['a']);
      const { 'ssl.ca.location': _, ...stranger } = kafka.client();
      await expect(produce(as(kafka, stranger), 't', [], REFUSAL_MS)).rejects.toThrow();
    }));

  test('PLAIN: serves who knows a password, and nobody else', () =>
    served({ mechanism: 'PLAIN', users: { ann: 'one', ben: 'two' } }, async (kafka) => {
      expect(await exchanged(as(kafka, kafka.client('ben')))).toEqual(['a']);
      await expect(produce(as(kafka, kafka.client('ann', 'two')), 't', [], REFUSAL_MS)).rejects.toThrow();
    }));

  test('SCRAM over TLS with rights: users may do what they have been granted', () =>
    served({ mechanism: 'SCRAM-SHA-256', tls: true, acls: true }, async (kafka) => {
      await expect(produce(kafka, 't', [{ value: 'a' }])).rejects.toMatchObject({ code: TOPIC_DENIED });
      await kafka.admin.grant([
        { user: 'millrace', operation: 'all', resource: 'topic', name: 't' },
        { user: 'millrace', operation: 'read', resource: 'group', name: 'reader-*' },
      ]);
      expect(await exchanged(kafka)).toEqual(['a']);
    }));
});
