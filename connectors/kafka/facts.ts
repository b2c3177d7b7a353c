import { Clients } from './client.ts';
import type { KafkaLogOptions } from './log.ts';
import { Topics } from './topics.ts';

/** Partitions of those of some topics that the cluster has. Throws `kafka-…` when it is not reached, or does not let us in. */
export async function topicPartitions(
  names: readonly string[],
  { connection, folder, note }: Pick<KafkaLogOptions, 'connection' | 'folder' | 'note'>,
): Promise<ReadonlyMap<string, number>> {
  const clients = new Clients(connection, `${process.pid}-facts`, folder, note);
  await clients.reach();
  const topics = new Topics(clients);
  try {
    return await topics.partitions(names);
  } finally {
    topics.close();
  }
}
