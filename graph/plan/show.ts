import type { Schema } from 'apache-arrow';
import { DESCRIPTION } from '../contract/columns.ts';
import type { Plan, PlanInput, PlanNode, PortRef } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { showDuration } from '../contract/units.ts';
import { insertRates, MAX_INSERTS_PER_SECOND } from './rates.ts';
import { typeName } from './stream.ts';
import { table } from './table.ts';

/** A plan in one of its three forms. */
export function showPlan(plan: Plan, form: 'text' | 'mermaid' | 'json', registry: Registry): string {
  if (form === 'json') return `${JSON.stringify(planJson(plan, registry), null, 2)}\n`;
  return form === 'mermaid' ? planMermaid(plan, registry) : planText(plan, registry);
}

/** A plan for people: what is read, moved, computed and written, and how often. Lines of at most 120 characters. */
export function planText(plan: Plan, registry: Registry): string {
  const tasks = `${plan.tasks} task${plan.tasks === 1 ? '' : 's'}`;
  const lines = [
    `pipeline ${plan.pipeline}`,
    `  ${tasks}, ${plan.delivery.replaceAll('_', ' ')}, latency ${plan.latencyMs}ms, plan ${plan.hash}`,
  ];
  const section = (title: string, rows: readonly (readonly string[])[]) => {
    if (rows.length > 0) lines.push('', title, ...table(rows));
  };
  section('sources', plan.inputs.filter((input) => input.from.kind !== 'exchange').map(sourceRow));
  section(
    'exchanges',
    plan.outputs
      .filter(({ kind }) => kind === 'exchange')
      .map(({ name, key, partitions, topic }) => [
        name,
        key.length === 0 ? 'to one task' : `by ${key.join(', ')}`,
        parts(partitions),
        topic,
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
      .map(({ kind, topic, partitions, format, key, from }) => [
        topic,
        kind === 'topic' ? format.name : kindName(kind),
        parts(partitions),
        key.length === 0 ? '' : `key ${key.join(', ')}`,
        `from ${showRefs(from)}`,
      ]),
  );
  const rates = insertRates(plan.sinks, registry);
  section(
    'sinks',
    plan.sinks.map((sink) => {
      const target = registry.connectors.get(sink.connector)?.sink?.describe(sink.params) ?? '';
      return [
        sink.name,
        sink.connector,
        target,
        `from ${showRefs(plan.outputs.find(({ topic }) => topic === sink.topic)?.from ?? [sink.from])}`,
        `through ${sink.topic}`,
      ];
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
    plan.topics
      .filter(({ topic, kind }) => kind === 'journal' || plan.outputs.every((output) => output.topic !== topic))
      .map(({ topic, kind, partitions }) => [topic, kind, parts(partitions)]),
  );
  return `${lines.join('\n')}\n`;
}

function sourceRow({ name, from, format, partitions, key, broadcast, time, schema }: PlanInput): readonly string[] {
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

/** The port whose rows an exchange carries; other ports as they are. */
function throughExchange(plan: Plan, ref: PortRef): PortRef {
  const exchange = plan.outputs.find(({ name, kind }) => kind === 'exchange' && name === ref.node);
  return exchange?.from[0] ?? ref;
}

const showRef = ({ node, port }: PortRef): string => (port === 'out' ? node : `${node}.${port}`);
const showRefs = (refs: readonly PortRef[]): string => (refs.length > 1 ? `${refs.length} rejected ports` : refs.map(showRef).join(', '));
const parts = (partitions: number): string => `${partitions} partition${partitions === 1 ? '' : 's'}`;
const kindName = (kind: string): string => (kind === 'rejected' ? 'dead letters' : kind);
const showRate = (rate: number): string => String(Math.round(rate * 100) / 100);

/** A plan as a Mermaid flow chart: exchanges are thick arrows, dead letters dotted ones. */
export function planMermaid(plan: Plan, registry: Registry): string {
  const lines = ['flowchart LR'];
  const ids = new Map<string, string>();
  const id = (name: string): string => {
    const known = ids.get(name) ?? `n${ids.size}`;
    ids.set(name, known);
    return known;
  };
  const node = (name: string, open: string, label: string, close: string) =>
    lines.push(`  ${id(name)}${open}"${label.replaceAll('"', '#quot;')}"${close}`);
  for (const { name, from } of plan.inputs)
    if (from.kind !== 'exchange')
      node(name, '[/', `${name}<br>${from.kind === 'connector' ? from.connector : `topic ${from.topic}`}`, '/]');
  for (const { name, operator } of plan.nodes) node(name, '[', name === operator ? name : `${name}<br>${operator}`, ']');
  const label = (port: string) => (port === 'out' ? '' : `|${port}|`);
  for (const { name, inputs } of plan.nodes) {
    for (const edge of inputs.flatMap(({ edges }) => edges)) {
      const exchange = plan.outputs.find((output) => output.kind === 'exchange' && output.name === edge.node);
      const from = exchange?.from[0] ?? edge;
      if (exchange)
        lines.push(`  ${id(from.node)} ==>|"${exchange.key.length === 0 ? 'to one task' : `by ${exchange.key.join(', ')}`}"| ${id(name)}`);
      else lines.push(`  ${id(from.node)} -->${label(from.port)} ${id(name)}`);
    }
  }
  for (const { kind, topic, from } of plan.outputs) {
    if (kind !== 'topic' && kind !== 'rejected') continue;
    node(`topic ${topic}`, '[(', topic, ')]');
    for (const ref of from)
      lines.push(`  ${id(ref.node)} ${kind === 'rejected' ? '-.->' : '-->'}${label(ref.port)} ${id(`topic ${topic}`)}`);
  }
  for (const { name, connector, params, from, topic } of plan.sinks) {
    node(`sink ${name}`, '[\\', `${connector}<br>${registry.connectors.get(connector)?.sink?.describe(params) ?? ''}`, '/]');
    const through = plan.outputs.find((output) => output.topic === topic);
    const start = through && through.kind !== 'feed' ? `topic ${topic}` : from.node;
    lines.push(`  ${id(start)} -->${through?.kind === 'feed' ? label(from.port) : ''} ${id(`sink ${name}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A plan as plain data: int64 as text, schemas as columns, and no parameter of a connector, as those may hold secrets. */
export function planJson(plan: Plan, registry: Registry) {
  return {
    pipeline: plan.pipeline,
    hash: plan.hash,
    tasks: plan.tasks,
    latency_ms: plan.latencyMs,
    delivery: plan.delivery,
    sources: plan.inputs.filter(({ from }) => from.kind !== 'exchange').map(sourceJson),
    exchanges: plan.outputs
      .filter(({ kind }) => kind === 'exchange')
      .map(({ name, from, topic, partitions, key }) => ({ name, from: from.map(showRef), topic, partitions, key })),
    operators: plan.nodes.map((node) => ({
      name: node.name,
      operator: node.operator,
      params: plainParams(node.params),
      inputs: node.inputs.map(({ port, edges }) => ({ port, from: edges.map((edge) => showRef(throughExchange(plan, edge))) })),
      outputs: Object.fromEntries(Object.entries(node.outputs).map(([port, schema]) => [port, columnsJson(schema)])),
      order: node.order,
      groups: node.groups,
      signature: node.signature,
    })),
    outputs: plan.outputs
      .filter(({ kind }) => kind !== 'exchange')
      .map(({ name, kind, from, topic, partitions, format, key }) => ({
        name,
        kind,
        from: from.map(showRef),
        topic,
        partitions,
        format: format.name,
        key,
      })),
    sinks: plan.sinks.map(({ name, connector, params, connection, from, topic, partitions }) => {
      const target = registry.connectors.get(connector)?.sink?.describe(params) ?? null;
      return { name, connector, target, connection: connection?.shown ?? null, from: showRef(from), topic, partitions };
    }),
    inserts: insertRates(plan.sinks, registry).map(({ target, connector, sinks, insertsPerSecond }) => ({
      connector,
      target,
      sinks,
      inserts_per_second: insertsPerSecond,
    })),
    topics: plan.topics.map(({ topic, kind, partitions, retentionMs }) => ({ topic, kind, partitions, retention_ms: retentionMs })),
    skipped: plan.skipped,
  };
}

function sourceJson({ name, from, format, partitions, key, broadcast, time, schema }: PlanInput) {
  return {
    name,
    reads: from.kind === 'connector' ? { connector: from.connector, connection: from.connection?.shown ?? null } : { topic: from.topic },
    format: format?.name ?? null,
    partitions,
    key,
    broadcast,
    time: time && {
      column: time.column,
      lateness: showDuration(time.latenessNs),
      idle: time.idleNs === null ? null : showDuration(time.idleNs),
    },
    columns: columnsJson(schema),
  };
}

function columnsJson(schema: Schema) {
  return schema.fields.map(({ name, type, nullable, metadata }) => ({
    name,
    type: typeName(type),
    nullable,
    description: metadata.get(DESCRIPTION) ?? null,
  }));
}

function plainParams(params: unknown): unknown {
  return JSON.parse(JSON.stringify(params ?? {}, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
}
