import type { KafkaAdmin } from './kafka-admin.ts';

/** A topic that a person asks for. */
export interface AskedTopic {
  readonly name: string;
  readonly partitions: number;
}

const MOST_PARTITIONS = 1_000;

/** `my.trades:4`, or `my.trades` of one partition; null where it is neither. Source: Kafka `Topic.validate`. */
export function askedTopic(text: string): AskedTopic | null {
  const [, name = '', count = '1'] = /^([\w.-]{1,249})(?::([1-9]\d*))?$/.exec(text) ?? [];
  const partitions = Number(count);
  return name === '' || name === '.' || name === '..' || partitions > MOST_PARTITIONS ? null : { name, partitions };
}

/** Makes a topic that is not there; throws for one that is there with other partitions. */
export async function makeTopic(admin: KafkaAdmin, { name, partitions }: AskedTopic): Promise<void> {
  const found = (await admin.describeTopic(name))?.leaders.length;
  if (found === undefined) await admin.createTopic(name, { partitions });
  else if (found !== partitions) throw new Error(`topic ${name} is there with ${found} partitions, not ${partitions}`);
}
