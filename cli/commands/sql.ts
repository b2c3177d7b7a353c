import { text } from 'node:stream/consumers';
import { type QueryResult, query } from '../clickhouse.ts';
import { withClickhouse } from '../engines.ts';
import { usage } from '../exit.ts';
import { type FileOptions, placeOf } from '../settings.ts';
import { note, out, outJson, table } from '../terminal.ts';

export interface SqlOptions extends FileOptions {
  readonly json?: boolean;
}

function cell(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function textOf({ columns, rows }: QueryResult): string {
  const numeric = columns.filter(({ type }) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type)).map(({ name }) => name);
  return table(
    columns.map(({ name }) => name),
    rows.map((row) => row.map(cell)),
    numeric,
  );
}

function objectsOf({ columns, rows }: QueryResult): readonly Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
}

async function statement(given: string | undefined): Promise<string> {
  if (given === undefined && process.stdin.isTTY) throw usage('there is no query', 'give one: millrace sql "SELECT count() FROM trades"');
  const sql = given ?? (await text(process.stdin));
  if (sql.trim() === '') throw usage('the query is empty', 'give one: millrace sql "SELECT count() FROM trades"');
  return sql.trim().replace(/;$/, '');
}

/** Runs one statement on the ClickHouse of a pipeline file or of its running instance, and prints the result. */
export async function sqlCommand(given: string | undefined, options: SqlOptions): Promise<void> {
  const sql = await statement(given);
  const result = await withClickhouse(placeOf(options), note, (url) => query(url, sql));
  if (result === null || typeof result === 'string') {
    if (options.json) outJson(result === null ? [] : [{ text: result }]);
    else if (result !== null) out(result);
    return;
  }
  if (options.json) outJson(objectsOf(result));
  else out(textOf(result));
}
