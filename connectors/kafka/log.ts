import { randomBytes } from 'node:crypto';
import type { Connection } from '../../graph/contract/connector.ts';
import type { Log } from '../../graph/contract/log.ts';
import { Clients } from './client.ts';
import { KafkaLog } from './open-log.ts';
import { Watchdog } from './stuck.ts';
import { Topics } from './topics.ts';
import { brokerVersion } from './version.ts';

/** What a Kafka log needs. */
export interface KafkaLogOptions {
  readonly connection: Connection;
  /** Folder of the pipeline file: relative paths in the connection's options start here. */
  readonly folder: string;
  /** A line for people: troubles, and that they are over. */
  note(line: string): void;
  /** Name of this process that stays over a restart, unique in the cluster; without it every start is a new member of its groups. */
  readonly instance?: string;
  /** The process hangs in a call that cannot be cancelled, or lost its membership for good: it has to start again. */
  stuck(what: string): void;
}

/** Opens the log on a Kafka cluster. Throws `kafka-…` when it is not reached, or does not let us in. */
export async function openKafkaLog({ connection, folder, note, instance, stuck }: KafkaLogOptions): Promise<Log> {
  const name = instance ?? `${process.pid}-${randomBytes(6).toString('hex')}`;
  const clients = new Clients(connection, name, folder, note);
  await clients.reach();
  const { release, isGuarded } = await brokerVersion(connection, folder);
  if (release !== null && !isGuarded)
    note(`Kafka at ${connection.shown} is ${release}; 3.7 or newer is recommended: since then brokers themselves guard transactions`);
  const topics = new Topics(clients);
  return new KafkaLog({ clients, topics, watchdog: new Watchdog(stuck), member: instance ?? null, stuck, version: release });
}
