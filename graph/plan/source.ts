import type { Schema } from 'apache-arrow';
import { REJECTED_SCHEMA } from '../contract/columns.ts';
import { MAIN_PORT, REJECTED_PORT } from '../contract/operator.ts';
import type { PlanInput, PortRef } from '../contract/plan.ts';
import { hintFor } from '../diagnostics/nearest.ts';
import { DEFAULT_IDLE_NS } from '../document/shape.ts';
import type { ResolvedSink, ResolvedSource, Word } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';
import { type Draft, portKey, streamOf } from './draft.ts';
import { fitsPreview } from './preview.ts';
import { sourceSchema } from './schema.ts';
import { has, hasTime, type Placement, type Stream, typeName } from './stream.ts';
import { landingTopic } from './topics.ts';
import { sinkStream } from './union.ts';

/** A topic as this file writes it. */
interface Written {
  readonly schema: Schema;
  readonly time: string | null;
  readonly key: readonly string[];
  readonly partitions: number;
  readonly format: string;
}

/** Whether a source must wait until the node that writes its topic is planned. */
export function waitsFor(source: ResolvedSource, draft: Draft): 'nothing' | 'writer' | 'broken' {
  if (!('topic' in source.from)) return 'nothing';
  const writer = draft.writers.get(source.from.topic.text);
  if (writer === 'broken') return source.schema ? 'nothing' : 'broken';
  const { sink } = writer ?? {};
  if (!writer || !sink) return 'nothing';
  const other = writer.draft();
  if (!other || sink.from.some(({ node }) => other.broken.has(node))) return source.schema ? 'nothing' : 'broken';
  return sink.from.every((ref) => streamOf(other, ref)) ? 'nothing' : 'writer';
}

/** Adds a source to the plan, or marks it as broken after saying why. `circular`: the node that writes its topic depends on it. */
export function planSource(source: ResolvedSource, draft: Draft, circular: boolean): void {
  const { scope, tasks } = draft;
  const written = writtenBy(source, draft) ?? (circular ? fedBack(source, draft) : null);
  if (written && !agrees(source, written, scope)) {
    draft.broken.add(source.name);
    return;
  }
  const schema = sourceSchema(source, written?.schema ?? (circular ? 'circular' : null), scope);
  const time = schema && timeOf(source, schema, written, scope);
  const key = schema && keyOf(source, schema, written, scope);
  if (!schema || !time || !key || !fitsPreview(source, schema, scope) || isMissing(source, draft)) {
    draft.broken.add(source.name);
    return;
  }
  const use = 'connector' in source.from ? source.from : null;
  const topic = 'topic' in source.from ? source.from.topic.text : '';
  const told = use ? (use.connector.source?.partitions?.(use.params) ?? null) : (scope.facts.topics.get(topic) ?? null);
  const partitions = written?.partitions ?? told;
  const { column } = time;
  const input: PlanInput = {
    name: source.name,
    from: use
      ? { kind: 'connector', connector: use.connector.name, params: use.params, connection: use.connection }
      : { kind: 'topic', topic },
    format: source.format && { name: source.format.format.name, params: source.format.params },
    schema,
    time:
      column !== null && source.watermark
        ? { column, latenessNs: source.time?.latenessNs ?? 0n, idleNs: source.time ? source.time.idleNs : DEFAULT_IDLE_NS }
        : null,
    key,
    start: source.start,
    broadcast: source.broadcast,
    partitions,
  };
  if (use && mustLand(use.connector.source?.replay ?? 'here', scope)) draft.inputs.push(...landed(input, draft));
  else draft.inputs.push(input);
  const placement = placementOf(source, key, partitions, tasks);
  draft.streams.set(portKey({ node: source.name, port: MAIN_PORT }), { schema, time: column, key, placement });
  if (source.format)
    draft.streams.set(portKey({ node: source.name, port: REJECTED_PORT }), {
      ...REJECTED,
      placement: placement === 'single' ? 'single' : 'scattered',
    });
}

const mustLand = (replay: 'anywhere' | 'here' | 'never', { isShared }: Scope): boolean =>
  replay === 'never' || (isShared && replay === 'here');

/**
 * A source that only one place can read, as two inputs: one takes its payloads into a topic as they are, the other reads them there, as
 * any process can. Partition p of the source is partition p of the topic, so that all that depends on partitions is as without it.
 */
function landed(input: PlanInput, draft: Draft): readonly PlanInput[] {
  const { resolved, scope } = draft;
  const topic = landingTopic(resolved.name, input.name);
  const name = `${input.name}.land`;
  const partitions = scope.facts.sources.get(`${resolved.name}.${input.name}`) ?? input.partitions;
  return [
    { ...input, name, format: null, time: null, key: [], broadcast: false, partitions, landing: { into: topic } },
    { ...input, from: { kind: 'topic', topic }, start: 'earliest', partitions, landing: { from: name } },
  ];
}

/** Says that a source reads a topic which is not there and which this file does not write. */
function isMissing(source: ResolvedSource, draft: Draft): boolean {
  if (!('topic' in source.from)) return false;
  const { text, span } = source.from.topic;
  if (draft.writers.has(text) || draft.scope.facts.topics.get(text) !== null) return false;
  const broker = draft.scope.connections.get('broker')?.shown;
  draft.scope.say(
    'topic-missing',
    span,
    `source "${source.name}" reads topic "${text}", which ${broker} does not have`,
    'Create it, or correct its name; a sink of this file that writes it would create it too.',
  );
  return true;
}

/** Rows of every `rejected` port. */
export const REJECTED: Stream = { schema: REJECTED_SCHEMA, time: null, key: [], placement: 'scattered' };

/** Where rows of a source go: partition p to task p % tasks. A foreign topic is taken to be keyed as Kafka's clients do it. */
function placementOf(source: ResolvedSource, key: readonly string[], partitions: number | null, tasks: number): Placement {
  if (tasks === 1 || (partitions === 1 && !source.broadcast)) return 'single';
  if (source.broadcast) return 'everywhere';
  const divides = partitions === null || partitions % tasks === 0;
  return 'topic' in source.from && key.length > 0 && divides ? 'hashed' : 'scattered';
}

function writtenBy(source: ResolvedSource, draft: Draft): Written | null {
  const writer = 'topic' in source.from ? draft.writers.get(source.from.topic.text) : undefined;
  if (!writer || writer === 'broken') return null;
  const there = 'topic' in source.from ? draft.scope.facts.topics.get(source.from.topic.text) : undefined;
  if (!writer.sink) return { schema: REJECTED_SCHEMA, time: null, key: [], partitions: there ?? 1, format: 'arrow' };
  const other = writer.draft();
  const stream = other && sinkStream(writer.sink, other);
  if (!stream) return null;
  const key = writer.sink.key?.map(({ text }) => text) ?? stream.key.filter((column) => has(stream.schema, column));
  const use = writer.sink.format;
  return {
    schema: use?.format.gives?.(stream.schema, use.params) ?? stream.schema,
    time: stream.time,
    key,
    partitions: partitionsOf(writer.sink, other),
    format: use?.format.name ?? 'arrow',
  };
}

/** What a sink writes whose node depends on the source: known where the operator's port has the same columns whatever comes in. */
function fedBack(source: ResolvedSource, draft: Draft): Written | null {
  const writer = 'topic' in source.from ? draft.writers.get(source.from.topic.text) : undefined;
  const other = writer && writer !== 'broken' && writer.sink ? writer.draft() : undefined;
  if (!other || !writer || writer === 'broken' || !writer.sink) return null;
  const { from, key, format } = writer.sink;
  const fixed = ({ node, port }: PortRef) => other.resolved.operators.find(({ name }) => name === node)?.operator.fixed?.[port];
  const schema = from.flatMap((ref) => streamOf(other, ref)?.schema ?? fixed(ref) ?? [])[0]; // those it unites are equal
  if (!schema) return null;
  return {
    schema: format?.format.gives?.(schema, format.params) ?? schema,
    time: hasTime(schema, 'ts_event') ? 'ts_event' : null,
    key: key?.map(({ text }) => text) ?? [],
    partitions: partitionsOf(writer.sink, other),
    format: format?.format.name ?? 'arrow',
  };
}

function agrees(source: ResolvedSource, written: Written, scope: Scope): boolean {
  const { format } = source;
  if (format && format.format.name !== written.format) {
    scope.say(
      'format-unfit',
      format.span,
      `source "${source.name}" reads its topic as "${format.format.name}", but this file writes it as "${written.format}"`,
      `Give the source "format: ${written.format}".`,
    );
    return false;
  }
  const [first] = source.key ?? [];
  if (
    !first ||
    written.partitions === 1 ||
    (written.key.length > 0 && written.key.every((column) => source.key?.some(({ text }) => text === column)))
  )
    return true;
  const actual = written.key.length === 0 ? 'without a key' : `by ${written.key.join(', ')}`;
  scope.say(
    'key-differs',
    first.span,
    `source "${source.name}" says its topic is keyed by ${source.key?.map(({ text }) => text).join(', ')}, but this file writes it ${actual}`,
    'Leave "key:" out here, or give it to the sink that writes the topic.',
  );
  return false;
}

function timeOf(source: ResolvedSource, schema: Schema, written: Written | null, scope: Scope): { readonly column: string | null } | null {
  if (!source.time) {
    const connector = 'connector' in source.from ? source.from.connector.source?.time : undefined;
    const candidates = [connector, written?.time ?? undefined, 'ts_event', 'ts_recv'];
    return { column: candidates.find((name) => name !== undefined && hasTime(schema, name)) ?? null };
  }
  const { column, span } = source.time;
  const field = schema.fields.find(({ name }) => name === column);
  if (field && hasTime(schema, column)) return { column };
  const times = schema.fields.filter(({ name }) => hasTime(schema, name)).map(({ name }) => name);
  if (field)
    scope.say(
      'time-type',
      span,
      `time column "${column}" of source "${source.name}" is ${typeName(field.type)}, expected Timestamp(ns)`,
      hintFor(column, times, 'timestamp columns'),
    );
  else
    scope.say(
      'time-absent',
      span,
      `source "${source.name}" has no column "${column}" to take its time from`,
      hintFor(column, times.length > 0 ? times : schema.fields.map(({ name }) => name), times.length > 0 ? 'timestamp columns' : 'columns'),
    );
  return null;
}

/** The key columns. Those of rows that are still payloads come into being later, so they cannot be looked up. */
function keyOf(source: ResolvedSource, schema: Schema, written: Written | null, scope: Scope): readonly string[] | null {
  if (written) return written.key;
  if (!source.key) {
    const own = 'connector' in source.from ? (source.from.connector.source?.key ?? []) : [];
    return own.every((column) => has(schema, column)) ? own : [];
  }
  if (has(schema, 'payload')) return source.key.map(({ text }) => text);
  return columnsOf(source.key, schema, `source "${source.name}"`, scope);
}

/** Partitions of the topic that a sink writes: those it has where it exists, else as the file says, else one a task. */
export function partitionsOf({ to, partitions }: ResolvedSink, { scope, tasks }: Draft): number {
  return partitions ?? ('topic' in to ? scope.facts.topics.get(to.topic.text) : undefined) ?? tasks;
}

/** The columns of `key:`, all of them there; null after saying which is not. */
export function columnsOf(words: readonly Word[], schema: Schema, subject: string, scope: Scope): readonly string[] | null {
  const absent = words.filter(({ text }) => !has(schema, text));
  for (const { text, span } of absent) {
    scope.say(
      'key-absent',
      span,
      `${subject} has no column "${text}" to be keyed by`,
      hintFor(
        text,
        schema.fields.map(({ name }) => name),
        'columns',
      ),
    );
  }
  return absent.length > 0 ? null : words.map(({ text }) => text);
}
