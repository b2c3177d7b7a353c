import type { Schema } from 'apache-arrow';
import { DESCRIPTION } from '../contract/columns.ts';
import type { Plan, PlanInput } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { showDuration } from '../contract/units.ts';
import { insertRates } from './rates.ts';
import { typeName } from './stream.ts';
import { engineTopics, isSource, madeTopic, originOf, type ShownLog, showRef, throughExchange, writersTo, writersToSink } from './words.ts';

/** A plan as plain data: int64 as text, schemas as columns, and no parameter of a connector, as those may hold secrets. */
export function planJson(plan: Plan, registry: Registry, log: ShownLog = 'embedded') {
  return {
    pipeline: plan.pipeline,
    hash: plan.hash,
    tasks: plan.tasks,
    latency_ms: plan.latencyMs,
    delivery: plan.delivery,
    sources: plan.inputs.filter(isSource).map((input) => sourceJson(input, plan)),
    exchanges: plan.outputs
      .filter(({ kind }) => kind === 'exchange')
      .map(({ name, from, topic, partitions, key }) => ({ name, from: from.map(showRef), topic: madeTopic(topic), partitions, key })),
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
      .map((output) => [output, writersTo(plan, output)] as const)
      .map(([{ name, kind, topic, partitions, format, key }, from]) => ({
        name,
        kind,
        from: from.map(showRef),
        topic: madeTopic(topic),
        partitions,
        format: format.name,
        key,
      })),
    sinks: plan.sinks.map((sink) => {
      const { name, connector, params, connection, topic, partitions } = sink;
      const target = registry.connectors.get(connector)?.sink?.describe(params) ?? null;
      const from = writersToSink(plan, sink).map(showRef);
      return { name, connector, target, connection: connection?.shown ?? null, from, topic: madeTopic(topic), partitions };
    }),
    inserts: insertRates(plan.sinks, registry).map(({ target, connector, sinks, insertsPerSecond }) => ({
      connector,
      target,
      sinks,
      inserts_per_second: insertsPerSecond,
    })),
    topics: [
      ...plan.topics.map(({ topic, kind, partitions, retentionMs }) => ({
        topic: madeTopic(topic),
        kind,
        partitions,
        retention_ms: retentionMs,
      })),
      ...engineTopics(plan, log)
        .filter(({ kind }) => kind !== 'journal')
        .map((topic) => ({ ...topic, retention_ms: null })),
    ],
    skipped: plan.skipped,
  };
}

function sourceJson({ name, from: read, landing, format, partitions, key, broadcast, time, schema }: PlanInput, plan: Plan) {
  const from = originOf(read, landing, plan);
  return {
    name,
    reads: from.kind === 'connector' ? { connector: from.connector, connection: from.connection?.shown ?? null } : { topic: from.topic },
    ...(landing && read.kind === 'topic' ? { landed_in: madeTopic(read.topic) } : {}),
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
