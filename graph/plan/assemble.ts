import type { TopicSpec } from '../contract/log.ts';
import type { Plan, PlanInput, PlanOutput } from '../contract/plan.ts';
import { frozen, hashOf, schemaFacts } from './canonical.ts';
import type { Draft } from './draft.ts';
import type { Outputs } from './output.ts';
import { journalTopic, RETENTION_MS } from './topics.ts';

/** The finished plan of a pipeline, frozen. */
export function assemble(draft: Draft, { outputs, sinks, skipped }: Outputs): Plan {
  const { resolved, tasks, exchanges } = draft;
  const journal = journalTopic(resolved.name, tasks);
  const all = [...exchanges, ...outputs];
  const plan: Plan = {
    pipeline: resolved.name,
    hash: planHash(draft),
    tasks,
    latencyMs: Math.max(1, Number(resolved.settings.latency / 1_000_000n)),
    delivery: resolved.settings.delivery,
    inputs: draft.inputs,
    nodes: draft.nodes,
    outputs: all,
    sinks,
    topics: [
      { topic: journal, partitions: tasks, kind: 'journal', retentionMs: RETENTION_MS.journal },
      ...draft.inputs.flatMap(landingOf),
      ...all.map(topicOf),
    ],
    journal,
    skipped: [...resolved.skipped, ...skipped],
  };
  return frozen(plan);
}

function topicOf({ topic, partitions, kind }: PlanOutput): TopicSpec {
  const of = kind === 'topic' ? 'data' : kind;
  return { topic, partitions, kind: of, retentionMs: RETENTION_MS[of] };
}

/** The topic that an input lands its payloads in; like an exchange it belongs to one incarnation and is read by the engine alone. */
function landingOf({ landing, partitions }: PlanInput): readonly TopicSpec[] {
  if (!landing || !('into' in landing)) return [];
  return [{ topic: landing.into, partitions: partitions ?? 1, kind: 'exchange', retentionMs: RETENTION_MS.landing }];
}

/** What state depends on: what is read and how it is spread, and every node with its parameters and `semantics`. Sinks hold none of it. */
function planHash({ resolved, tasks, inputs, nodes, exchanges }: Draft): string {
  return hashOf([
    resolved.name,
    tasks,
    inputs.map(({ name, from, format, schema, time, key, broadcast }) => {
      const what = from.kind === 'connector' ? [from.connector, from.params] : from.topic;
      return [name, from.kind, what, format, schemaFacts(schema), time, key, broadcast];
    }),
    nodes.map(({ name, signature, inputs: ports, order, time, groups }) => [
      name,
      signature,
      ports.map(({ port, edges }) => [port, edges]),
      order,
      time,
      groups,
    ]),
    exchanges.map(({ name, topic, partitions, key }) => [name, topic, partitions, key]),
  ]);
}
