import type { Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Server } from './client.ts';
import type { ClickhouseParams } from './params.ts';
import { clickhouseType, columnDefinition, createTable, quoteName, quoteTable, quoteText, SEQUENCE_INDEX, withLineage } from './table.ts';
import { viewFault } from './views.ts';
import { isReplicated, settingsText, shortfalls } from './window.ts';

interface TableRow {
  readonly database: string;
  readonly name: string;
  readonly engine: string;
  readonly engine_full: string;
  readonly create_table_query: string;
  readonly views: readonly string[];
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly default_kind: string;
}

/** What writing depends on. */
export interface TableState {
  /** Other servers have copies, of which one may not show yet what another has. */
  readonly replicated: boolean;
  /** Materialized views behind it: exact also when a block is written again, or let be as they are. */
  readonly views: 'none' | 'exact' | 'allowed';
}

/** The database and table part of a table's name, as expressions. */
function place(table: string): string {
  const [first, second] = table.split('.');
  return second === undefined
    ? `database = currentDatabase() AND ${nameIs(first ?? '')}`
    : `database = ${quoteText(first ?? '')} AND ${nameIs(second)}`;
}

const nameIs = (name: string): string => `name = ${quoteText(name)}`;

/** Creates the table, or checks that the one there takes our rows and remembers `tokens` of our blocks. Gives its state. */
export async function ensureTable(server: Server, schema: Schema, params: ClickhouseParams, tokens: number): Promise<TableState> {
  const about = `SELECT database, name, engine, engine_full, create_table_query, dependencies_table AS views FROM system.tables WHERE ${place(params.table)}`;
  let [table] = await server.rows<TableRow>(about);
  if (!table) {
    await server.run(createTable(schema, params, tokens));
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
  await checkColumns(server, schema, params);
  await checkWindow(server, table, params, tokens);
  return { replicated: isReplicated(table.engine), views: await checkViews(server, table, params, tokens) };
}

async function checkViews(server: Server, table: TableRow, params: ClickhouseParams, tokens: number): Promise<TableState['views']> {
  if (table.views.length === 0) return 'none';
  if (params.allow_views) return 'allowed';
  const found = await viewFault(server, table.database, table.name, tokens);
  if (!found) return 'exact';
  const views = table.views.map((view) => `"${view}"`).join(', ');
  throw fault(
    params,
    'clickhouse-views',
    `feeds the materialized views ${views}: ${found.what}`,
    `${found.remedy}, or set allow_views: true to let them differ after a crash`,
  );
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

/** A table of ours is made to remember enough; one of somebody else's is left alone, and refused. */
async function checkWindow(server: Server, table: TableRow, params: ClickhouseParams, tokens: number): Promise<void> {
  const short = await shortfalls(server, table.engine, table.engine_full, tokens);
  if (short.length === 0) return;
  const alter = `ALTER TABLE ${quoteTable(params.table)} MODIFY SETTING ${settingsText(short)}`;
  if (table.create_table_query.includes(`INDEX ${SEQUENCE_INDEX} `)) return server.run(alter);
  const found = short.map(({ setting, found }) => `${setting} is ${found}`).join(', ');
  throw fault(params, 'clickhouse-window', `forgets too early which blocks it has (${found}), and so may take one twice`, `run ${alter}`);
}
