import type { Field, Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Server } from './client.ts';
import type { QuestdbParams } from './params.ts';
import { createTable, questdbType, quoteName, quoteText, timeColumn, upsertKeys, withLineage } from './table.ts';

/** A table as the server knows it. */
export interface TableState {
  /** Another id is another table, though the name may be the same. */
  readonly id: number;
  readonly designated: string;
  readonly wal: boolean;
  readonly dedup: boolean;
  /** Whether it takes rows and shows none of them, until somebody resumes it. */
  readonly suspended: boolean;
}

interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly key: boolean;
}

/** The table's state, or null when there is none. */
export async function tableState(server: Server, table: string): Promise<TableState | null> {
  const rows = await server.rows(
    `SELECT id, designatedTimestamp, walEnabled, dedup, table_suspended FROM tables() WHERE lower(table_name) = lower(${quoteText(table)})`,
  );
  const [row] = rows;
  if (!row) return null;
  const [id, designated, wal, dedup, suspended] = row;
  return { id: Number(id), designated: String(designated ?? ''), wal: wal === true, dedup: dedup === true, suspended: suspended === true };
}

/** Creates the table, or checks that the one there takes our rows and keeps each once. Gives its state. */
export async function ensureTable(server: Server, schema: Schema, params: QuestdbParams): Promise<TableState> {
  let state = await tableState(server, params.table);
  if (!state) {
    await server.rows(createTable(schema, params));
    state = await tableState(server, params.table);
  }
  if (!state) throw fault(params, 'questdb-table', 'is not there after it was created', 'look at the permissions of the user');
  const columns = await columnsOf(server, params.table);
  checkTime(schema, state, params);
  checkColumns(schema, columns, params);
  checkKeys(schema, state, columns, params);
  if (state.suspended) {
    throw new MillraceError(`table "${params.table}" is suspended: it takes rows and shows none of them`, {
      code: 'questdb-suspended',
      domain: 'external',
      retry: 'backoff',
      remedy: `look at the server's log, mend the cause, then run ALTER TABLE ${quoteName(params.table)} RESUME WAL`,
    });
  }
  return state;
}

async function columnsOf(server: Server, table: string): Promise<readonly TableColumn[]> {
  const rows = await server.rows(`SELECT "column", "type", upsertKey FROM table_columns(${quoteText(table)})`);
  return rows.map(([name, type, key]) => ({ name: String(name), type: String(type), key: key === true }));
}

function fault(params: QuestdbParams, code: string, what: string, remedy: string): MillraceError {
  return new MillraceError(`table "${params.table}" ${what}`, { code, domain: 'user', remedy });
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

function checkTime(schema: Schema, state: TableState, params: QuestdbParams): void {
  const time = timeColumn(schema, params) ?? '';
  if (same(state.designated, time)) return;
  const theirs = state.designated === '' ? 'no designated timestamp' : `the designated timestamp "${state.designated}"`;
  throw fault(
    params,
    'questdb-time-differs',
    `has ${theirs}, the pipeline writes "${time}"`,
    state.designated === ''
      ? 'name another table'
      : `set time: ${state.designated} where that is a column of the input, or name another table`,
  );
}

function checkColumns(schema: Schema, columns: readonly TableColumn[], params: QuestdbParams): void {
  const alter = `ALTER TABLE ${quoteName(params.table)}`;
  for (const field of withLineage(schema).fields) {
    const ours = questdbType(field, params.symbols) ?? '';
    const column = columns.find(({ name }) => same(name, field.name));
    if (!column) {
      const remedy = `run ${alter} ADD COLUMN ${quoteName(field.name)} ${ours}, or name another table`;
      throw fault(params, 'questdb-column-missing', `has no column "${field.name}" (${ours})`, remedy);
    }
    if (holds(column.type, ours)) continue;
    throw fault(
      params,
      'questdb-column-type',
      `has column "${field.name}" as ${column.type}, the pipeline writes ${ours}`,
      changeType(field, schema, ours, alter, params),
    );
  }
}

function changeType(field: Field, schema: Schema, ours: string, alter: string, params: QuestdbParams): string {
  if (field.name === timeColumn(schema, params)) return 'a designated timestamp keeps its type: name another table';
  return `run ${alter} ALTER COLUMN ${quoteName(field.name)} TYPE ${ours}, or name another table`;
}

const TEXT = new Set(['SYMBOL', 'VARCHAR', 'STRING']);

/** Whether a column of type `theirs` keeps every value of type `ours` exactly. */
function holds(theirs: string, ours: string): boolean {
  return theirs === ours || (TEXT.has(theirs) && TEXT.has(ours)) || (ours === 'INT' && theirs === 'LONG');
}

/** Rows are told apart by our keys and no others: fewer would merge rows that differ, and other columns may change. */
function checkKeys(schema: Schema, state: TableState, columns: readonly TableColumn[], params: QuestdbParams): void {
  const ours = upsertKeys(schema, params);
  const theirs = columns.filter(({ key }) => key).map(({ name }) => name);
  const missing = ours.filter((name) => !theirs.some((other) => same(name, other)));
  if (state.wal && state.dedup && missing.length === 0 && theirs.length === ours.length) return;
  const found = !state.wal
    ? 'is not written ahead (WAL)'
    : theirs.length === 0
      ? 'has no upsert keys'
      : `has the upsert keys ${theirs.join(', ')}`;
  const enable = `run ALTER TABLE ${quoteName(params.table)} DEDUP ENABLE UPSERT KEYS(${ours.map(quoteName).join(', ')})`;
  const remedy = state.wal
    ? `${enable}, or name another table`
    : `run ALTER TABLE ${quoteName(params.table)} SET TYPE WAL and restart the server, or name another table`;
  throw fault(params, 'questdb-keys-differ', `${found}, the pipeline needs ${ours.join(', ')} to keep each row once`, remedy);
}
