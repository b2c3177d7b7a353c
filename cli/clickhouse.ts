import { MillraceError } from '../graph/contract/error.ts';

/** A result in columns, values as JSON gives them. */
export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

const INTEGER = /^U?Int(64|128|256)$/;

function inner(type: string, wrapper: string): string | null {
  return type.startsWith(`${wrapper}(`) && type.endsWith(')') ? type.slice(wrapper.length + 1, -1) : null;
}

/** A value of 64 bits and more, which came as text: a number where a number holds it exactly, else the text. */
function exact(value: unknown, type: string): unknown {
  const plain = inner(type, 'Nullable') ?? inner(type, 'LowCardinality');
  if (plain !== null) return exact(value, plain);
  const item = inner(type, 'Array');
  if (item !== null && Array.isArray(value)) return value.map((entry) => exact(entry, item));
  if (!INTEGER.test(type) || typeof value !== 'string') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function addressOf(connection: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(connection);
  const headers: Record<string, string> = {};
  if (url.username !== '') headers['X-ClickHouse-User'] = decodeURIComponent(url.username);
  if (url.password !== '') headers['X-ClickHouse-Key'] = decodeURIComponent(url.password);
  const database = decodeURIComponent(url.pathname.replace(/^\/+/, ''));
  url.username = '';
  url.password = '';
  url.pathname = '/';
  url.search = '';
  const settings = {
    default_format: 'JSONCompact',
    output_format_json_quote_64bit_integers: '1',
    wait_end_of_query: '1',
    ...(database === '' ? {} : { database }),
  };
  for (const [name, value] of Object.entries(settings)) url.searchParams.set(name, value);
  return { url, headers };
}

/** Runs one statement over ClickHouse's HTTP interface; a statement without a result gives null, text of a `FORMAT` clause comes as it is. */
export async function query(connection: string, sql: string): Promise<QueryResult | string | null> {
  const { url, headers } = addressOf(connection);
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, body: sql });
  } catch (cause) {
    throw new MillraceError(`ClickHouse does not answer at ${url.origin}`, {
      code: 'clickhouse-unreachable',
      domain: 'external',
      retry: 'backoff',
      remedy: 'see whether it runs',
      cause,
    });
  }
  const text = await response.text();
  if (!response.ok) {
    const message = text
      .trim()
      .replace(/^Code: \d+\. DB::Exception: /, '')
      .replace(/ \(version .*\)$/, '');
    throw new MillraceError(message, {
      code: `clickhouse-${response.headers.get('x-clickhouse-exception-code') ?? response.status}`,
      domain: 'user',
    });
  }
  if (text === '') return null;
  if (response.headers.get('x-clickhouse-format') !== 'JSONCompact') return text;
  const { meta, data } = JSON.parse(text) as { meta: { name: string; type: string }[]; data: unknown[][] };
  return { columns: meta, rows: data.map((row) => row.map((value, i) => exact(value, meta[i]?.type ?? ''))) };
}
