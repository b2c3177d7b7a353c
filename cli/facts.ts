import type { Connection } from '../graph/contract/connector.ts';
import { MillraceError } from '../graph/contract/error.ts';
import type { Plan, PlanInput } from '../graph/contract/plan.ts';
import type { Facts } from '../graph/resolve/scope.ts';
import { declarations } from './registry.ts';
import type { Place } from './settings.ts';

/** Whether processes elsewhere can share the log: whether it is a broker's. */
export const isShared = (broker: Connection | undefined): broker is Connection => broker !== undefined && broker.url !== 'embedded';

/**
 * What has to be looked up before plans on a broker can be told: partitions of the topics they read and write, and of the sources that
 * only this machine can read. Creates nothing.
 */
export async function gatherFacts(plans: readonly Plan[], broker: Connection, place: Place): Promise<Facts> {
  const topics = [...new Set(plans.flatMap(topicsOf))];
  const { topicPartitions } = await import('../connectors/kafka/facts.ts');
  const found = await topicPartitions(topics, { connection: broker, folder: place.folder, note: () => undefined }); // what is wrong is thrown
  const sources = new Map<string, number>();
  for (const plan of plans)
    for (const input of plan.inputs) {
      const { landing, partitions, name } = input;
      if (landing && 'from' in landing && partitions === null)
        sources.set(`${plan.pipeline}.${name}`, await sourcePartitions(input, plan, place));
    }
  return { topics: new Map(topics.map((topic) => [topic, found.get(topic) ?? null])), sources };
}

/** Topics of users: what Millrace keeps for itself has the partitions it gave it. */
function topicsOf({ inputs, outputs }: Plan): readonly string[] {
  const read = inputs.flatMap(({ from }) => (from.kind === 'topic' ? [from.topic] : []));
  return [...read, ...outputs.map(({ topic }) => topic)].filter((topic) => !topic.startsWith('_millrace.'));
}

/** How many partitions a source has here, e.g. files under its pattern. */
async function sourcePartitions({ name }: PlanInput, plan: Plan, place: Place): Promise<number> {
  const input = plan.inputs.find(({ landing }) => landing && 'into' in landing && landing.into.endsWith(`.${name}`));
  const source = input?.from.kind === 'connector' ? declarations.connectors.get(input.from.connector)?.source : undefined;
  if (input?.from.kind !== 'connector' || !source)
    throw new MillraceError(`source "${name}" is read by no connector`, { code: 'connector-unknown', domain: 'internal', node: name });
  const reader = await source.open(input.from.params, {
    pipeline: plan.pipeline,
    node: name,
    folder: place.folder,
    dataDir: place.dataDir,
    connection: input.from.connection,
    note: () => undefined,
  });
  await reader.close();
  return reader.partitions.length;
}
