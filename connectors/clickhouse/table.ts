import { type DataType, type Field, Schema, type Timestamp, TimeUnit, Type } from 'apache-arrow';
import { DESCRIPTION, LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { ClickhouseParams } from './params.ts';

/** Index of every table that we make, by which its blocks are found, and it is known as ours. */
export const SEQUENCE_INDEX = '_seq_range';

const DAY_SECONDS = 86_400;

export const quoteName = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;
export const quoteText = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
export const quoteTable = (table: string): string => table.split('.').map(quoteName).join('.');

/** The schema as it is written: identity and lineage at the end. */
export function withLineage(schema: Schema): Schema {
  return schema.fields.some((field) => field.name === '_src') ? schema : new Schema([...schema.fields, ...LINEAGE_FIELDS]);
}

/** The column type that holds a type's values exactly, or null when there is none. */
export function clickhouseType(type: DataType, nullable: boolean): string | null {
  const wrap = (name: string): string => (nullable ? `Nullable(${name})` : name);
  switch (type.typeId) {
    case Type.Bool:
      return wrap('Bool');
    case Type.Int:
      return wrap(`Int${(type as DataType & { bitWidth: number }).bitWidth}`);
    case Type.Float:
      return wrap('Float64');
    case Type.Utf8:
    case Type.Binary:
      return wrap('String');
    case Type.Dictionary:
      return `LowCardinality(${wrap('String')})`;
    case Type.Timestamp:
      return (type as Timestamp).unit === TimeUnit.NANOSECOND ? wrap("DateTime64(9, 'UTC')") : null;
    default:
      return null;
  }
}

/** Neighbours in a sorted table differ little: whole numbers as differences. Prices on a tick grid pack best as they are. */
function codec(type: DataType): string {
  switch (type.typeId) {
    case Type.Timestamp:
    case Type.Int:
      return ' CODEC(Delta, ZSTD(1))';
    case Type.Float:
    case Type.Utf8:
    case Type.Binary:
      return ' CODEC(ZSTD(1))';
    default:
      return '';
  }
}

/** One line of a column list, as `CREATE TABLE` and `ADD COLUMN` take it. */
export function columnDefinition(field: Field): string {
  const description = field.metadata.get(DESCRIPTION);
  const comment = description ? ` COMMENT ${quoteText(description)}` : '';
  return `${quoteName(field.name)} ${clickhouseType(field.type, field.nullable)}${comment}${codec(field.type)}`;
}

/** The column that partitions and ages a table: `ts_event`, else the first stamp that is never null. */
export function timeColumn(schema: Schema): string | null {
  const stamps = schema.fields.filter((field) => field.type.typeId === Type.Timestamp && !field.nullable).map((field) => field.name);
  return stamps.includes('ts_event') ? 'ts_event' : (stamps[0] ?? null);
}

/** The sorting key: as asked for, or symbol and time as far as they are there. */
export function orderKey(schema: Schema, params: ClickhouseParams): readonly string[] {
  if (params.order_by) return params.order_by;
  const time = timeColumn(schema);
  const symbol = schema.fields.some((field) => field.name === 'symbol' && !field.nullable) ? ['symbol'] : [];
  const key = [...symbol, ...(time ? [time] : [])];
  return key.length > 0 ? key : ['_src', '_seq'];
}

/** A message when rows of the schema cannot be written as the parameters say, else null. */
export function unacceptable(schema: Schema, params: ClickhouseParams): string | null {
  const written = withLineage(schema);
  for (const field of written.fields) {
    if (clickhouseType(field.type, field.nullable) === null)
      return `column "${field.name}" is ${field.type}, which ClickHouse cannot hold exactly`;
  }
  for (const name of orderKey(schema, params)) {
    const field = written.fields.find((candidate) => candidate.name === name);
    if (!field) return `order_by names "${name}", which is no column; there are ${schema.fields.map((one) => one.name).join(', ')}`;
    if (field.nullable) return `order_by names "${name}", which may be null`;
  }
  const needsTime = params.ttl !== undefined ? 'ttl' : params.partition_by && params.partition_by !== 'none' ? 'partition_by' : null;
  if (needsTime && timeColumn(schema) === null) return `${needsTime} needs a time column that is never null`;
  return null;
}

const HALF_DAY_SECONDS = DAY_SECONDS / 2;
const PARTITION = { minutes: 'toStartOfTenMinutes', hour: 'toStartOfHour', day: 'toYYYYMMDD', month: 'toYYYYMM' } as const;

/** The partitions that let a ttl (seconds) free disk by whole parts, without there being many of them. */
function unitFor(ttl: number | undefined): keyof typeof PARTITION {
  if (ttl === undefined || ttl > 60 * DAY_SECONDS) return 'month';
  if (ttl > 2 * DAY_SECONDS) return 'day';
  return ttl > HALF_DAY_SECONDS ? 'hour' : 'minutes';
}

function partitioning(schema: Schema, params: ClickhouseParams): string {
  const time = timeColumn(schema);
  const unit = params.partition_by ?? unitFor(params.ttl);
  return time === null || unit === 'none' ? '' : `PARTITION BY ${PARTITION[unit]}(${quoteName(time)})\n`;
}

/** `CREATE TABLE` for the sink, which remembers `tokens` of its blocks. A ttl frees disk by whole parts, looked for often enough to stay near what it says. */
export function createTable(schema: Schema, params: ClickhouseParams, tokens: number): string {
  const written = withLineage(schema);
  const settings = [`non_replicated_deduplication_window = ${tokens}`];
  let ttl = '';
  if (params.ttl !== undefined) {
    ttl = `TTL toDateTime(${quoteName(timeColumn(schema) ?? '')}) + toIntervalSecond(${params.ttl})\n`;
    const timeout = Math.min(14_400, Math.max(30, Math.floor(params.ttl / 10)));
    settings.push('ttl_only_drop_parts = 1', `merge_with_ttl_timeout = ${timeout}`);
  }
  const columns = written.fields.map((field) => `  ${columnDefinition(field)}`);
  const index = `  INDEX ${SEQUENCE_INDEX} \`_seq\` TYPE minmax GRANULARITY 4`;
  const comment = params.comment ? `COMMENT ${quoteText(params.comment)}` : '';
  return (
    `CREATE TABLE IF NOT EXISTS ${quoteTable(params.table)} (\n${[...columns, index].join(',\n')}\n)\nENGINE = MergeTree\n` +
    partitioning(schema, params) +
    `ORDER BY (${orderKey(schema, params).map(quoteName).join(', ')})\n${ttl}SETTINGS ${settings.join(', ')}\n${comment}`
  ).trimEnd();
}
