import { REJECTED_PORT } from '../contract/operator.ts';
import type { Plan, PlanInput, PlanNode, PortRef } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { showDuration } from '../contract/units.ts';
import { insertRates, MAX_INSERTS_PER_SECOND } from './rates.ts';
import { table } from './table.ts';
import {
  engineTopics,
  isSource,
  madeTopic,
  originOf,
  type ShownLog,
  showRef,
  showRefs,
  throughExchange,
  writersTo,
  writersToSink,
} from './words.ts';

/** A plan for people: what is read, moved, computed and written, and how often. Lines of at most 120 characters. */
export function planText(plan: Plan, registry: Registry, log: ShownLog = 'embedded'): string {
  const tasks = `${plan.tasks} task${plan.tasks === 1 ? '' : 's'}`;
  const lines = [
    `pipeline ${plan.pipeline}`,
    `  ${tasks}, ${plan.delivery.replaceAll('_', ' ')}, latency ${plan.latencyMs}ms, plan ${plan.hash}`,
  ];
  const section = (title: string, rows: readonly (readonly string[])[]) => {
    if (rows.length > 0) lines.push('', title, ...table(rows));
  };
  section(
    'sources',
    plan.inputs.filter(isSource).map((input) => sourceRow(input, plan)),
  );
  section(
    'landed, as only this machine can read them',
    plan.inputs.flatMap(({ name, landing, partitions }) => {
      const into = plan.inputs.find((other) => landing && 'from' in landing && other.name === landing.from)?.landing;
      return into && 'into' in into ? [[name, madeTopic(into.into), partitions === null ? '' : parts(partitions)]] : [];
    }),
  );
  section(
    'exchanges',
    plan.outputs
      .filter(({ kind }) => kind === 'exchange')
      .map(({ name, key, partitions, topic, aligned }) => [
        name,
        aligned ? 'what was answered' : key.length === 0 ? 'to one task' : `by ${key.join(', ')}`,
        parts(partitions),
        madeTopic(topic),
      ]),
  );
  section(
    'operators',
    plan.nodes.map((node) => operatorRow(plan, node)),
  );
  section(
    'topics written',
    plan.outputs
      .filter(({ kind }) => kind !== 'exchange')
      .map((output) => [output, writersTo(plan, output)] as const)
      .map(([{ kind, topic, partitions, format, key }, from]) => [
        madeTopic(topic),
        kind === 'topic' ? format.name : kindName(kind),
        parts(partitions),
        kind === 'rejected' ? lettersPlace(plan, topic) : key.length === 0 ? '' : `key ${key.join(', ')}`,
        `from ${showWriters(from)}`,
      ]),
  );
  const rates = insertRates(plan.sinks, registry);
  section(
    'sinks',
    plan.sinks.map((sink) => {
      const target = registry.connectors.get(sink.connector)?.sink?.describe(sink.params) ?? '';
      return [sink.name, sink.connector, target, `from ${showWriters(writersToSink(plan, sink))}`, `through ${madeTopic(sink.topic)}`];
    }),
  );
  section(
    'inserts a second, at most',
    rates.map(({ target, connector, insertsPerSecond }) => [
      `${connector} ${target}`,
      showRate(insertsPerSecond),
      insertsPerSecond > MAX_INSERTS_PER_SECOND ? `warning: more than ${MAX_INSERTS_PER_SECOND}; lower "partitions:" of its sinks` : '',
    ]),
  );
  section(
    'left out',
    plan.skipped.map(({ sink, reason }) => [sink, reason]),
  );
  section(
    'kept for the engine',
    engineTopics(plan, log).map(({ topic, kind, partitions }) => [topic, kind, parts(partitions)]),
  );
  return `${lines.join('\n')}\n`;
}

function sourceRow(
  { name, from: read, landing, format, partitions, key, broadcast, time, schema }: PlanInput,
  plan: Plan,
): readonly string[] {
  const from = originOf(read, landing, plan);
  const what = from.kind === 'connector' ? from.connector : `topic ${from.topic}`;
  const idle = time === null || time.idleNs === null ? '' : `, idle ${showDuration(time.idleNs)}`;
  const late = time === null || time.latenessNs === 0n ? '' : `, lateness ${showDuration(time.latenessNs)}`;
  const place = broadcast ? 'in every task' : key.length > 0 ? `key ${key.join(', ')}` : 'no key';
  return [
    name,
    format ? `${what} (${format.name})` : what,
    partitions === null ? '' : parts(partitions),
    place,
    time ? `time ${time.column}${late}${idle}` : 'no watermark',
    `${schema.fields.length} columns`,
  ];
}

function operatorRow(plan: Plan, { name, operator, inputs, groups, order }: PlanNode): readonly string[] {
  const single = inputs.length === 1;
  const from = inputs
    .map(({ port, edges }) => `${single ? '' : `${port}: `}${edges.map((edge) => showRef(throughExchange(plan, edge))).join(' + ')}`)
    .join(', ');
  const merges = inputs.reduce((sum, { edges }) => sum + edges.length, 0) > 1;
  const grouped = groups === null ? '' : groups.length === 0 ? 'over all rows' : `by ${groups.join(', ')}`;
  return [name, operator, `from ${from}`, grouped, merges ? `order ${order.replaceAll('_', ' ')}` : ''];
}

/** Where rejected rows are besides their topic. */
function lettersPlace(plan: Plan, topic: string): string {
  return plan.sinks.some((sink) => sink.topic === topic) ? 'also in a table, see sinks' : 'not in any table';
}

const showWriters = (refs: readonly PortRef[]): string =>
  refs.length > 1 && refs.every(({ port }) => port === REJECTED_PORT) ? `${refs.length} rejected ports` : showRefs(refs);
const parts = (partitions: number): string => `${partitions} partition${partitions === 1 ? '' : 's'}`;
const kindName = (kind: string): string => (kind === 'rejected' ? 'dead letters' : kind);
const showRate = (rate: number): string => String(Math.round(rate * 100) / 100);
