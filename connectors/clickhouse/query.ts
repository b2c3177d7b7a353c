import { ClickHouseError } from '@clickhouse/client';
import { MillraceError } from '../../graph/contract/error.ts';
import { Server } from './client.ts';

/** A result as plain data; integers beyond 2^53 are strings, so that every digit is there. */
export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

const ROWS = 'JSONCompactEachRowWithNamesAndTypes';
const TABLE = 'PrettyCompactMonoBlock';

/** The rows of a query. Errors of the server come in its words. */
export async function query(url: string, sql: string): Promise<QueryResult> {
  const { text, format } = await answer(url, sql, ROWS);
  if (format !== ROWS) {
    throw new MillraceError(`the query names the format ${format} itself`, {
      code: 'sql-format',
      domain: 'user',
      remedy: 'leave FORMAT out for --json',
    });
  }
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length === 0) return { columns: [], rows: [] };
  const [names, types, ...rows] = lines.map((line) => JSON.parse(line) as unknown[]);
  const columns = (names as string[]).map((name, i) => ({ name, type: String((types as string[])[i]) }));
  const long = columns.map(({ type }) => /^(LowCardinality\()?(Nullable\()?U?Int(64|128|256)/.test(type));
  return {
    columns,
    rows: rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, long[i] ? shortened(row[i]) : row[i]]))),
  };
}

/** The answer to a statement as a table for people, or in the format that the statement names. */
export async function queryText(url: string, sql: string): Promise<string> {
  return (await answer(url, sql, TABLE)).text;
}

/** A 64-bit integer, which the server writes as a string, as a number where that is exact. */
function shortened(value: unknown): unknown {
  const number = typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : value;
}

async function answer(url: string, sql: string, format: string): Promise<{ readonly text: string; readonly format: string }> {
  const address = new URL(url);
  const server = new Server(url, address.host);
  try {
    return await server.text(sql, format, {
      output_format_json_quote_64bit_integers: 1,
      output_format_pretty_color: 0,
      output_format_pretty_grid_charset: 'UTF-8',
    });
  } catch (error) {
    throw inServersWords(error);
  } finally {
    await server.close();
  }
}

/** What the server says of a statement is for its author, without our words around it. */
function inServersWords(error: unknown): unknown {
  if (!(error instanceof MillraceError) || !(error.cause instanceof ClickHouseError) || error.code === 'clickhouse-busy') return error;
  return new MillraceError(error.cause.message.trim(), { code: 'sql-refused', domain: 'user', cause: error.cause });
}
