import type { PlanOutput, PortRef } from '../contract/plan.ts';
import { type Draft, defaultFormat, portKey } from './draft.ts';
import type { Stream } from './stream.ts';
import { exchangeTopic } from './topics.ts';

/** Leads the rows of a port through a topic of the pipeline's own; the port they come out of, whose stream is `read`. */
export function throughOwnTopic(
  {
    name,
    from,
    key,
    partitions,
    aligned,
    read,
  }: Pick<PlanOutput, 'name' | 'from' | 'key' | 'partitions' | 'aligned'> & { readonly read: Stream },
  draft: Draft,
): PortRef {
  const topic = exchangeTopic(draft.resolved.name, name);
  const format = defaultFormat(draft.scope.registry, 'arrow');
  const { schema, time } = read;
  const isAligned = aligned ? { aligned } : {};
  draft.exchanges.push({ name, kind: 'exchange', ...isAligned, from, topic, partitions, format, schema, key, time });
  draft.inputs.push({
    name,
    from: { kind: 'exchange', topic, ...isAligned },
    format,
    schema,
    time: time === null ? null : { column: time, latenessNs: 0n, idleNs: null },
    key: read.key,
    start: 'earliest',
    broadcast: false,
    partitions,
  });
  const port = { node: name, port: 'out' };
  draft.streams.set(portKey(port), read);
  return port;
}
