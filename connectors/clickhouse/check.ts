import type { Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Server } from './client.ts';
import type { ClickhouseParams } from './params.ts';
import {
  clickhouseType,
  columnDefinition,
  createTable,
  DEDUPLICATION_WINDOW,
  quoteName,
  quoteTable,
  quoteText,
  withLineage,
} from './table.ts';

interface TableRow {
  readonly engine: string;
  readonly engine_full: string;
  readonly views: readonly string[];
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly default_kind: string;
}

/** The database and table part of a table's name, as expressions. */
function place(table: string): string {
  const [first, second] = table.split('.');
  return second === undefined
    ? `database = currentDatabase() AND ${nameIs(first ?? '')}`
    : `database = ${quoteText(first ?? '')} AND ${nameIs(second)}`;
}

const nameIs = (name: string): string => `name = ${quoteText(name)}`;

/** Creates the table, or checks that the one there takes our rows; the tokens it remembers are made enough. */
export async function ensureTable(server: Server, schema: Schema, params: ClickhouseParams): Promise<void> {
  const about = `SELECT engine, engine_full, dependencies_table AS views FROM system.tables WHERE ${place(params.table)}`;
  let [table] = await server.rows<TableRow>(about);
  if (!table) {
    await server.run(createTable(schema, params));
    [table] = await server.rows<TableRow>(about);
  }
  if (!table) throw fault(params, 'clickhouse-table', 'is not there after it was created', 'look at the permissions of the user');
  if (!table.engine.endsWith('MergeTree')) {
    throw fault(
      params,
      'clickhouse-engine',
      `has the engine ${table.engine}, which does not keep rows exactly once`,
      'name a table of the MergeTree family',
    );
  }
  if (table.views.length > 0 && !params.allow_views) {
    const views = table.views.map((view) => `"${view}"`).join(', ');
    throw fault(
      params,
      'clickhouse-views',
      `feeds the materialized views ${views}, which may lose rows when an insert is repeated`,
      'drop them, or set allow_views: true',
    );
  }
  await checkColumns(server, schema, params);
  await widenWindow(server, table, params);
}

function fault(params: ClickhouseParams, code: string, what: string, remedy: string): MillraceError {
  return new MillraceError(`table "${params.table}" ${what}`, { code, domain: 'user', remedy });
}

async function checkColumns(server: Server, schema: Schema, params: ClickhouseParams): Promise<void> {
  const theirs = await server.rows<ColumnRow>(
    `SELECT name, type, default_kind FROM system.columns WHERE ${place(params.table).replace('AND name =', 'AND table =')} ORDER BY position`,
  );
  const columns = new Map(theirs.map((column) => [column.name, column]));
  const alter = `ALTER TABLE ${quoteTable(params.table)}`;
  for (const field of withLineage(schema).fields) {
    const ours = clickhouseType(field.type, field.nullable) ?? '';
    const column = columns.get(field.name);
    if (!column) {
      throw fault(
        params,
        'clickhouse-column-missing',
        `has no column "${field.name}" (${ours})`,
        `run ${alter} ADD COLUMN ${columnDefinition(field)}, or name another table`,
      );
    }
    if (!holds(column.type, ours)) {
      throw fault(
        params,
        'clickhouse-column-type',
        `has column "${field.name}" as ${column.type}, the pipeline writes ${ours}`,
        `run ${alter} MODIFY COLUMN ${quoteName(field.name)} ${ours}, or name another table`,
      );
    }
    columns.delete(field.name);
  }
  for (const column of columns.values()) {
    if (column.default_kind !== '' || column.type.includes('Nullable(')) continue;
    throw fault(
      params,
      'clickhouse-column-foreign',
      `has a column "${column.name}" (${column.type}) that the pipeline does not write and that has no default`,
      `give it a default, make it Nullable, or run ${alter} DROP COLUMN ${quoteName(column.name)}`,
    );
  }
}

/** Whether a column of type `theirs` keeps every value of type `ours` exactly. */
function holds(theirs: string, ours: string): boolean {
  const plain = (type: string): { readonly name: string; readonly nullable: boolean } => {
    const bare = type.replace(/^LowCardinality\((.*)\)$/, '$1');
    const name = bare.replace(/^Nullable\((.*)\)$/, '$1');
    return { name: name.replace(/^DateTime64\(9(, '[^']*')?\)$/, 'DateTime64(9)'), nullable: name !== bare };
  };
  const [a, b] = [plain(theirs), plain(ours)];
  if (b.nullable && !a.nullable) return false;
  return a.name === b.name || (b.name === 'Int32' && a.name === 'Int64');
}

/** Replicated tables remember tokens by default, plain ones only when told to. */
async function widenWindow(server: Server, table: TableRow, params: ClickhouseParams): Promise<void> {
  if (table.engine.startsWith('Replicated') || table.engine.startsWith('Shared')) return;
  const window = Number(/non_replicated_deduplication_window = (\d+)/.exec(table.engine_full)?.[1] ?? 0);
  if (window >= DEDUPLICATION_WINDOW) return;
  await server.run(`ALTER TABLE ${quoteTable(params.table)} MODIFY SETTING non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`);
}
