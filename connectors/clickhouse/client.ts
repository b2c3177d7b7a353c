import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  type ClickHouseSettings,
  createClient,
  type Logger,
} from '@clickhouse/client';
import { MillraceError } from '../../graph/contract/error.ts';
import { clickhouseError } from './errors.ts';

/** The client prints every failure by itself; ours are coded and shown once. */
class Silence implements Logger {
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
}

/** A server, spoken to through the official client; every failure is a `MillraceError`. */
export class Server {
  readonly #client: ClickHouseClient;
  readonly #shown: string;
  readonly url: string;

  /** `options` are the client's own, and `tls_ca`, a file below `folder`. */
  constructor(url: string, shown: string, options: Readonly<Record<string, unknown>> = {}, folder = '.') {
    this.#shown = shown;
    this.url = url;
    const { tls_ca, ...rest } = options;
    const tls = typeof tls_ca === 'string' ? { tls: { ca_cert: certificate(tls_ca, folder) } } : {};
    try {
      const given: ClickHouseClientConfigOptions = rest;
      const fixed = { url, log: { LoggerClass: Silence } };
      this.#client = createClient({ application: 'millrace', request_timeout: 30_000, ...tls, ...given, ...fixed });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new MillraceError(`${shown} is no address of a ClickHouse server: ${reason}`, {
        code: 'clickhouse-address',
        domain: 'user',
        remedy: 'write connections.clickhouse as http://user:password@host:8123/database',
        cause: error,
      });
    }
  }

  /** A statement without rows. Resolves when the server has done it. */
  async run(sql: string, parameters: Record<string, unknown> = {}, settings: ClickHouseSettings = {}): Promise<void> {
    try {
      await this.#client.command({ query: sql, query_params: parameters, clickhouse_settings: { wait_end_of_query: 1, ...settings } });
    } catch (error) {
      throw clickhouseError(error, this.#shown);
    }
  }

  /** An insert whose data comes after the statement. Resolves when the server has written it. */
  async insert(sql: string, body: Uint8Array, settings: ClickHouseSettings): Promise<void> {
    try {
      const { stream } = await this.#client.exec({
        query: sql,
        values: Readable.from([body], { objectMode: false }),
        clickhouse_settings: { wait_end_of_query: 1, ...settings },
      });
      stream.resume(); // an answer that is not read keeps its connection
      await finished(stream);
    } catch (error) {
      throw clickhouseError(error, this.#shown);
    }
  }

  /** The rows of a query, int64 as strings. */
  async rows<Row>(sql: string, parameters: Record<string, unknown> = {}, settings: ClickHouseSettings = {}): Promise<Row[]> {
    try {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        query_params: parameters,
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1, ...settings },
      });
      return await result.json<Row>();
    } catch (error) {
      throw clickhouseError(error, this.#shown);
    }
  }

  /** The answer to any statement as text, in `format` unless the statement names one itself, which is told back. */
  async text(sql: string, format: string, settings: ClickHouseSettings = {}): Promise<{ readonly text: string; readonly format: string }> {
    try {
      const { stream, response_headers } = await this.#client.exec({
        query: sql,
        clickhouse_settings: { default_format: format, wait_end_of_query: 1, ...settings } as ClickHouseSettings,
      });
      const parts: Buffer[] = [];
      for await (const part of stream) parts.push(part as Buffer);
      return { text: Buffer.concat(parts).toString('utf8'), format: String(response_headers['x-clickhouse-format'] ?? format) };
    } catch (error) {
      throw clickhouseError(error, this.#shown);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function certificate(path: string, folder: string): Buffer {
  try {
    return readFileSync(isAbsolute(path) ? path : join(folder, path));
  } catch (error) {
    throw new MillraceError(`the certificate "${path}" of connections.clickhouse cannot be read`, {
      code: 'clickhouse-certificate',
      domain: 'user',
      remedy: 'correct tls_ca under options: of connections.clickhouse',
      cause: error,
    });
  }
}
