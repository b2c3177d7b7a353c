import { REJECTED_SCHEMA } from '../contract/columns.ts';
import { REJECTED_PORT } from '../contract/operator.ts';
import type { Plan, PlanOutput, PlanSink, PortRef } from '../contract/plan.ts';
import type { ConnectorUse, ResolvedSink } from '../resolve/resolved.ts';
import { type Draft, defaultFormat, portKey, streamOf } from './draft.ts';
import { columnsOf, partitionsOf } from './source.ts';
import { has, type Stream, showSchema } from './stream.ts';
import { feedTopic, rejectedTopic, sinkGroup } from './topics.ts';
import { sayUnequal, sinkStream } from './union.ts';
import { showRef, showRefs } from './words.ts';

/** What leaves a pipeline: topics, feeds, dead letters, and the sinks that read them. */
export interface Outputs {
  readonly outputs: readonly PlanOutput[];
  readonly sinks: readonly PlanSink[];
  /** Sinks that no run writes. */
  readonly skipped: Plan['skipped'];
}

/** Name of the output and of the sink that hold rejected rows. */
const DEAD_LETTERS = 'dead_letters';
/** Where rejected rows are kept for queries, when a pipeline writes there anyway. */
const REJECTED_TABLE = { connector: 'clickhouse', params: { table: 'rejected' } } as const;

type ConnectorSink = ResolvedSink & { readonly to: ConnectorUse };

/** The outputs of a pipeline whose nodes are planned; sinks of nodes that are broken are left out silently. */
export function outputsOf(draft: Draft): Outputs {
  const { sinks } = draft.resolved;
  const topics = sinks.flatMap((sink) => {
    const stream = sinkStream(sink, draft);
    if (stream === null) sayUnequal(sink, draft, draft.scope);
    const output = stream && topicOutput(sink, stream, draft);
    return output ? [output] : [];
  });
  const taken = sinks.filter(isConnectorSink).filter((sink) => accepted(sink, draft));
  const skipped = draft.scope.isHistory ? [] : taken.flatMap((sink) => madeOtherwise(sink, draft) ?? []);
  const fed = taken.filter(({ name }) => !skipped.some(({ sink }) => sink === name));
  const feeds = new Map<string, PlanOutput>();
  for (const sink of fed) {
    const stream = sinkStream(sink, draft);
    if (!stream || readable(topics, sink.from)) continue;
    const known = feeds.get(feedKey(sink));
    feeds.set(feedKey(sink), feedOutput(sink, stream, Math.max(sink.partitions ?? 1, known?.partitions ?? 1), draft));
  }
  const letters = deadLetters(draft, fed.find(({ to }) => to.connector.sink?.refusesRows === 'by_value') ?? null);
  const planned = fed.flatMap((sink) => {
    const output = readable(topics, sink.from) ?? feeds.get(feedKey(sink));
    const rejected = letters && refusesRows(sink) ? { rejected: letters } : {};
    return output ? [{ ...sinkOf(sink.name, sink.to, sink.from, output, draft), ...rejected }] : [];
  });
  const rejected = letters && rejectedSink(letters, draft);
  return {
    outputs: [...topics, ...feeds.values(), ...(letters ? [letters] : [])],
    sinks: [...planned, ...(rejected ? [rejected] : [])],
    skipped,
  };
}

function isConnectorSink(sink: ResolvedSink): sink is ConnectorSink {
  return 'connector' in sink.to;
}

/** What sinks share a feed by: the port they read; one that unites several has a feed of its own. */
const feedKey = ({ name, from: [port, ...others] }: ResolvedSink): string => (port && others.length === 0 ? portKey(port) : name);

/** The user's own topic of the same ports, when sinks can read it too. */
function readable(topics: readonly PlanOutput[], ports: readonly PortRef[]): PlanOutput | undefined {
  const wanted = ports.map(portKey).sort().join();
  return topics.find(({ format, from }) => format.name === 'arrow' && from.map(portKey).sort().join() === wanted);
}

function topicOutput(sink: ResolvedSink, stream: Stream, draft: Draft): PlanOutput | null {
  if (!('topic' in sink.to) || !sink.format || sayEverywhere(sink, stream, draft)) return null;
  const { schema, time } = stream;
  const key = sink.key
    ? columnsOf(sink.key, schema, `"${showRefs(sink.from)}"`, draft.scope)
    : stream.key.filter((column) => has(schema, column));
  if (!key || !partitionsFit(sink, sink.to.topic.text, draft)) return null;
  const format = { name: sink.format.format.name, params: sink.format.params };
  return {
    name: sink.name,
    kind: 'topic',
    from: sink.from.map(refOf),
    topic: sink.to.topic.text,
    partitions: partitionsOf(sink, draft),
    format,
    schema,
    key,
    time,
  };
}

/** Says when a topic is there with other partitions than the sink asks for. */
function partitionsFit({ name, span, partitions }: ResolvedSink, topic: string, { scope }: Draft): boolean {
  const there = scope.facts.topics.get(topic) ?? null;
  if (partitions === null || there === null || partitions === there) return true;
  const count = `${there} partition${there === 1 ? '' : 's'}`;
  scope.say('topic-partitions', span, `sink "${name}" asks for ${partitions} partitions, but topic "${topic}" has ${count}`);
  return false;
}

function feedOutput(sink: ResolvedSink, { schema, time }: Stream, partitions: number, draft: Draft): PlanOutput {
  const topic = feedTopic(draft.resolved.name, feedKey(sink));
  const format = defaultFormat(draft.scope.registry, 'arrow');
  return { name: `feed:${feedKey(sink)}`, kind: 'feed', from: sink.from.map(refOf), topic, partitions, format, schema, key: [], time };
}

/** Whether a sink takes the rows that come to it; says why not. */
function accepted(sink: ConnectorSink, draft: Draft): boolean {
  const stream = sinkStream(sink, draft);
  if (stream === null) sayUnequal(sink, draft, draft.scope);
  if (!stream || sayEverywhere(sink, stream, draft)) return false;
  const reason = sink.to.connector.sink?.accepts(stream.schema, sink.to.params) ?? null;
  if (reason === null) return true;
  const message = `sink "${sink.name}" cannot write the rows of "${showRefs(sink.from)}": ${reason}`;
  draft.scope.say('sink-schema', placeOf(sink), message, `"${showRefs(sink.from)}" gives: ${showSchema(stream.schema)}.`);
  return false;
}

/** A sink that another command makes of history: a run leaves it out, and says so. */
function madeOtherwise({ name, span, to }: ConnectorSink, { scope }: Draft): Plan['skipped'][number] | null {
  const command = to.connector.sink?.madeBy;
  if (command === undefined) return null;
  scope.say('sink-skipped', span, `sink "${name}" is left out of a run: it is made of history`, `"${command}" makes it.`);
  return { sink: name, reason: `"${command}" makes it` };
}

function sayEverywhere(sink: ResolvedSink, stream: Stream, draft: Draft): boolean {
  if (stream.placement !== 'everywhere') return false;
  const from = sink.from.find((ref) => streamOf(draft, ref)?.placement === 'everywhere');
  draft.scope.say(
    'broadcast-once',
    from?.span ?? sink.span,
    `rows of "${from ? showRef(from) : sink.name}" are in every task, and sink "${sink.name}" would write them ${draft.tasks} times`,
  );
  return true;
}

function sinkOf(name: string, use: ConnectorUse, from: readonly PortRef[], output: PlanOutput, draft: Draft): PlanSink {
  const { topic, partitions, format, schema } = output;
  const { connector, params, connection } = use;
  return {
    name,
    connector: connector.name,
    params,
    connection,
    from: from.map(refOf),
    topic,
    partitions,
    format,
    schema,
    group: sinkGroup(draft.resolved.name, name),
  };
}

const refusesRows = ({ to }: ConnectorSink): boolean => to.connector.sink?.refusesRows !== undefined;

/** One output for every `rejected` port that nothing reads, and for what a sink's system refuses; null when there is neither. */
function deadLetters(draft: Draft, refusing: ConnectorSink | null): PlanOutput | null {
  const { resolved } = draft;
  const read = new Set([
    ...draft.nodes.flatMap(({ inputs }) => inputs.flatMap(({ edges }) => edges.map(portKey))),
    ...resolved.sinks.flatMap(({ from }) => from.map(portKey)),
  ]);
  for (const { from } of draft.exchanges) for (const ref of from) read.add(portKey(ref));
  const nodes = [...resolved.sources, ...resolved.operators].map(({ name }) => ({ node: name, port: REJECTED_PORT }));
  const from = nodes.filter((ref) => streamOf(draft, ref) && !read.has(portKey(ref)));
  if (from.length === 0 && refusing === null) return null;
  const topic = resolved.deadLetters?.text ?? rejectedTopic(resolved.name);
  const format = defaultFormat(draft.scope.registry, 'arrow');
  const partitions = draft.scope.facts.topics.get(topic) ?? 1;
  return { name: DEAD_LETTERS, kind: 'rejected', from, topic, partitions, format, schema: REJECTED_SCHEMA, key: [], time: null };
}

/** The table of rejected rows, where the pipeline has a sink to the same system. */
function rejectedSink(letters: PlanOutput, draft: Draft): PlanSink | null {
  const used = draft.resolved.sinks.filter(isConnectorSink).find(({ to }) => to.connector.name === REJECTED_TABLE.connector);
  const params = used?.to.connector.sink?.params.safeParse(REJECTED_TABLE.params);
  if (!used || !params?.success) return null;
  return sinkOf(DEAD_LETTERS, { ...used.to, params: params.data }, letters.from, letters, draft);
}

/** Where a sink says what it writes. */
const placeOf = ({ from: [first], span }: ResolvedSink) => first?.span ?? span;

function refOf({ node, port }: PortRef): PortRef {
  return { node, port };
}
