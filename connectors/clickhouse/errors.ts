import { ClickHouseError } from '@clickhouse/client';
import { MillraceError } from '../../graph/contract/error.ts';

/**
 * Codes after which the same insert may succeed later: overload, memory, disk, merges behind, time-outs, network, Keeper, aborted.
 * Source: ClickHouse `src/Common/ErrorCodes.cpp`.
 */
const PASSING = new Set([
  3, 159, 173, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 279, 285, 286, 305, 319, 369, 394, 415, 425, 439, 499, 569, 745,
  999,
]);
/** Unknown user, wrong password, no privilege, a user or a server that only reads. */
const ACCESS = new Set([164, 192, 193, 194, 195, 497, 516]);
/** A setting that the server does not know, or that the user may not change. */
const SETTINGS = new Set([115, 452]);
const VIOLATED_CONSTRAINT = 469;
const UNKNOWN_TABLE = 60;
const UNKNOWN_DATABASE = 81;

/** Whether the table was not there: a sink then looks at it anew. */
export function isTableGone(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'clickhouse-table-gone';
}

/** What a failed call to the server means for the sink. `shown` is the address without secrets. */
export function clickhouseError(error: unknown, shown: string): MillraceError {
  if (error instanceof MillraceError) return error;
  if (!(error instanceof ClickHouseError)) return withoutAnswer(error, shown);
  const message = error.message.trim().replace(/\.$/, '');
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
  if (SETTINGS.has(code)) {
    return new MillraceError(said, {
      code: 'clickhouse-settings',
      domain: 'user',
      remedy: 'use a later version of ClickHouse, or let the user change the setting',
      cause: error,
    });
  }
  if (PASSING.has(code)) return new MillraceError(said, { code: 'clickhouse-busy', domain: 'external', retry: 'backoff', cause: error });
  return new MillraceError(said, { code: 'clickhouse-refused', domain: 'external', cause: error });
}

/** OpenSSL and Node.js codes of a certificate that is not trusted. Source: Node.js documentation, "X509 certificate error codes". */
const UNTRUSTED = /^(CERT_|UNABLE_TO_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_)/;

/** What it means that no answer of ClickHouse came. */
function withoutAnswer(error: unknown, shown: string): MillraceError {
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim().slice(0, 300);
  const code = String((error as NodeJS.ErrnoException | null)?.code ?? '');
  const told = { domain: 'user', cause: error } as const;
  if (UNTRUSTED.test(code)) {
    const remedy = 'set tls_ca to the certificate of its authority under options: of connections.clickhouse';
    return new MillraceError(`ClickHouse at ${shown} shows a certificate that is not trusted: ${message}`, {
      ...told,
      code: 'clickhouse-certificate',
      remedy,
    });
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const remedy = 'write http:// in connections.clickhouse, or the port that speaks TLS (8443)';
    return new MillraceError(`what answers at ${shown} does not speak TLS`, { ...told, code: 'clickhouse-tls', remedy });
  }
  const what = code === '' ? `no answer of ClickHouse comes from ${shown}` : `ClickHouse at ${shown} cannot be reached`;
  return new MillraceError(`${what}: ${message}`, {
    code: 'clickhouse-unreachable',
    domain: 'external',
    retry: 'backoff',
    remedy: 'start the server, or correct connections.clickhouse: http://user:password@host:8123/database, the HTTP port',
    cause: error,
  });
}

/**
 * The row of an insert that a constraint of the table refuses, from 0, or null where the error is about something else. The server gives
 * its number nowhere but in the text. Source: ClickHouse `CheckConstraintsTransform.cpp`.
 */
export function refusedRow(error: unknown): { readonly row: number; readonly reason: string } | null {
  const cause = error instanceof MillraceError ? error.cause : null;
  if (!(cause instanceof ClickHouseError) || Number(cause.code) !== VIOLATED_CONSTRAINT) return null;
  const found = / at row (\d+)(?=\. )/.exec(cause.message);
  return found ? { row: Number(found[1]) - 1, reason: cause.message.replace(found[0], '').trim() } : null;
}
