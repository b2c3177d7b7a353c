import { ClickHouseError } from '@clickhouse/client';
import { MillraceError } from '../../graph/contract/error.ts';

/**
 * Codes after which the same insert may succeed later: overload, memory, disk, merges behind, time-outs, network, Keeper, aborted.
 * Source: ClickHouse `src/Common/ErrorCodes.cpp`.
 */
const PASSING = new Set([
  3, 159, 164, 173, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 279, 285, 286, 305, 319, 369, 394, 415, 425, 439, 499, 569,
  745, 999,
]);
const ACCESS = new Set([192, 193, 194, 195, 497, 516]);
const UNKNOWN_TABLE = 60;
const UNKNOWN_DATABASE = 81;

/** Whether the table was not there: a sink then looks at it anew. */
export function isTableGone(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'clickhouse-table-gone';
}

/** What a failed call to the server means for the sink. `shown` is the address without secrets. */
export function clickhouseError(error: unknown, shown: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ClickHouseError)) {
    return new MillraceError(`ClickHouse at ${shown} cannot be reached: ${message}`, {
      code: 'clickhouse-unreachable',
      domain: 'external',
      retry: 'backoff',
      remedy: 'start the server, or correct connections.clickhouse',
      cause: error,
    });
  }
  const code = Number(error.code);
  const said = `ClickHouse at ${shown} refused (${code} ${error.type ?? 'UNKNOWN'}): ${message}`;
  if (code === UNKNOWN_TABLE)
    return new MillraceError(said, { code: 'clickhouse-table-gone', domain: 'external', retry: 'backoff', cause: error });
  if (code === UNKNOWN_DATABASE) {
    return new MillraceError(said, {
      code: 'clickhouse-database-unknown',
      domain: 'user',
      remedy: 'create the database, or name another one in connections.clickhouse',
      cause: error,
    });
  }
  if (ACCESS.has(code)) {
    return new MillraceError(said, {
      code: 'clickhouse-access',
      domain: 'user',
      remedy: 'check user and password in connections.clickhouse, and that the user may create, read and insert',
      cause: error,
    });
  }
  if (PASSING.has(code)) return new MillraceError(said, { code: 'clickhouse-busy', domain: 'external', retry: 'backoff', cause: error });
  return new MillraceError(said, { code: 'clickhouse-refused', domain: 'external', cause: error });
}
