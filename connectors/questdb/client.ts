import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createTransport, SenderOptions, type SenderTransport } from '@questdb/nodejs-client';
import type { Connection } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { PlainAgent } from './agent.ts';
import { notQuestdb, questdbError, type RefusedLine, refusedLine } from './errors.ts';
import { type QuestdbOptions, questdbOptions } from './params.ts';

const DEFAULT_PORT = 9000;
/** How long the client lets a request last, as a multiple of the time for an answer. */
const PATIENCE = 4;

/** A value of a row that `/exec` gives. */
export type Value = string | number | boolean | null;

/** A server, spoken to over HTTP: lines through the client's transport, statements through `/exec`. Every failure is a `MillraceError`. */
export class Server {
  readonly #agent: PlainAgent;
  readonly #transport: SenderTransport;
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #shown: string;
  readonly #timeoutMs: number;

  /** `folder`: where paths in the options start. Throws for an address or options that cannot be meant. */
  constructor(connection: Connection, folder: string) {
    const url = addressOf(connection);
    const given = optionsOf(connection, url);
    const options = new SenderOptions(`${url.protocol}:addr=host;protocol_version=2;auto_flush=off`);
    options.host = url.hostname;
    options.port = portOf(connection.url);
    options.log = () => undefined; // what it would print is in the errors
    options.request_timeout = given.request_timeout;
    options.request_min_throughput = given.request_min_throughput;
    options.retry_timeout = given.request_timeout * PATIENCE;
    if (given.username !== undefined) options.username = given.username;
    if (given.password !== undefined) options.password = given.password;
    if (given.token !== undefined) options.token = given.token;
    this.#agent = new PlainAgent({ pipelining: 1, keepAliveTimeout: 4_000, connect: tlsOf(given, folder) });
    options.agent = this.#agent;
    this.#transport = createTransport(options);
    this.#origin = `${url.protocol}//${url.hostname}:${options.port}`;
    this.#headers = authorization(given);
    this.#shown = connection.shown;
    this.#timeoutMs = given.request_timeout;
  }

  /** Sends lines. Resolves when the server has them for good; gives the row it refuses, and then has taken none. */
  async write(lines: Buffer): Promise<RefusedLine | null> {
    try {
      await this.#transport.send(lines);
      return null;
    } catch (error) {
      const refused = refusedLine(error);
      if (refused) return refused;
      throw questdbError(error, this.#shown);
    }
  }

  /** A statement and its rows. */
  async rows(sql: string): Promise<readonly (readonly Value[])[]> {
    try {
      const { body } = await this.#agent.request({
        origin: this.#origin,
        path: `/exec?nm=true&query=${encodeURIComponent(sql)}`,
        method: 'GET',
        headers: this.#headers,
        headersTimeout: this.#timeoutMs,
        bodyTimeout: this.#timeoutMs,
      });
      const { dataset } = (await body.json()) as { readonly dataset?: readonly (readonly Value[])[] };
      return dataset ?? [];
    } catch (error) {
      if (error instanceof SyntaxError) throw notQuestdb(this.#shown, error);
      throw questdbError(error, this.#shown);
    }
  }

  async close(): Promise<void> {
    await this.#transport.close();
    await this.#agent.destroy();
  }
}

function addressOf({ url, shown }: Connection): URL {
  try {
    const address = new URL(url);
    if (address.protocol === 'http:' || address.protocol === 'https:') return address;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new MillraceError(`${shown} is no address of a QuestDB server`, {
    code: 'questdb-address',
    domain: 'user',
    remedy: 'write connections.questdb as http://user:password@host:9000',
  });
}

/** The port as it is written: `URL` drops those that are the default of a browser, which QuestDB's is not. */
export function portOf(url: string): number {
  const written = /^\w+:\/\/(?:[^@/?#]*@)?(?:\[[^\]]*\]|[^@/?#:]*):(\d+)(?:[/?#]|$)/.exec(url)?.[1];
  return written === undefined ? DEFAULT_PORT : Number(written);
}

/** What the connection's options say, with user, password and token of its address. */
function optionsOf(connection: Connection, url: URL): QuestdbOptions {
  const inAddress = {
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.searchParams.has('token') ? { token: url.searchParams.get('token') ?? '' } : {}),
  };
  const checked = questdbOptions.safeParse({ ...inAddress, ...connection.options });
  if (checked.success) return checked.data;
  const issues = checked.error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  throw new MillraceError(`the options of connections.questdb cannot be used: ${issues.join('; ')}`, {
    code: 'questdb-options',
    domain: 'user',
    remedy: `the options are ${Object.keys(questdbOptions.shape).join(', ')}`,
  });
}

function tlsOf(given: QuestdbOptions, folder: string): { readonly ca?: Buffer; readonly rejectUnauthorized: boolean } {
  const rejectUnauthorized = given.tls_verify ?? true;
  if (given.tls_ca === undefined) return { rejectUnauthorized };
  try {
    return { rejectUnauthorized, ca: readFileSync(isAbsolute(given.tls_ca) ? given.tls_ca : join(folder, given.tls_ca)) };
  } catch (error) {
    throw new MillraceError(`the certificate "${given.tls_ca}" of connections.questdb cannot be read`, {
      code: 'questdb-certificate',
      domain: 'user',
      remedy: 'correct tls_ca under options: of connections.questdb',
      cause: error,
    });
  }
}

function authorization({ username, password, token }: QuestdbOptions): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined || password === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
