import { text } from 'node:stream/consumers';
import { query, queryText } from '../../connectors/clickhouse/query.ts';
import { compileQuietly } from '../compile.ts';
import { localClickhouse } from '../engines.ts';
import { usage } from '../exit.ts';
import { runningInstance } from '../instance.ts';
import { type FileOptions, type Place, placeOf } from '../settings.ts';
import { note, out, outJson } from '../terminal.ts';

export interface SqlOptions extends FileOptions {
  readonly json?: boolean;
}

async function statement(given: string | undefined): Promise<string> {
  const example = 'give one: millrace sql "SELECT count() FROM trades"';
  if (given === undefined && process.stdin.isTTY) throw usage('there is no query', example);
  const sql = (given ?? (await text(process.stdin))).trim().replace(/;$/, '');
  if (sql === '') throw usage('the query is empty', example);
  return sql;
}

/** Address of the server that the file names, of the running instance's engine, or of one that is started for this query. */
async function withAddress<T>(place: Place, options: SqlOptions, ask: (url: string) => Promise<T>): Promise<T> {
  const named = compileQuietly(place, options)?.connections.get('clickhouse')?.url;
  if (named !== undefined && named !== 'embedded') return ask(named);
  const running = runningInstance(place)?.clickhouse?.url;
  if (running !== undefined) return ask(running);
  const local = localClickhouse(place.dataDir, note);
  try {
    return await ask(await local.embedded());
  } finally {
    await local.stop();
  }
}

/** Runs one statement on the ClickHouse of a pipeline file and prints the result. */
export async function sqlCommand(given: string | undefined, options: SqlOptions): Promise<void> {
  const sql = await statement(given);
  await withAddress(placeOf(options), options, async (url) => {
    if (options.json) outJson((await query(url, sql)).rows);
    else out(await queryText(url, sql));
  });
}
