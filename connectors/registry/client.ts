import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { z } from 'zod';
import { MillraceError } from '../../graph/contract/error.ts';
import { answerError, invalidAnswer, transportError } from './errors.ts';

/** A schema as the registry holds it. */
export interface RegisteredSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  /** Avro schema as JSON text. */
  readonly schema: string;
}

/** How a client waits and tries again. */
export interface RegistryOptions {
  /** Time a request may take, ms. */
  readonly timeoutMs?: number;
  /** Requests in all, where the network or the server fails. */
  readonly attempts?: number;
  /** Wait before the second request, ms; doubled for every further one. */
  readonly backoffMs?: number;
}

const typed = { schemaType: z.string().default('AVRO'), references: z.array(z.unknown()).default([]) };
const VERSION = z.object({ subject: z.string(), version: z.int(), id: z.int(), schema: z.string(), ...typed });
const SCHEMA = z.object({ schema: z.string(), ...typed });
const VERSIONS = z.array(z.int());
const ID = z.object({ id: z.int() });

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/** Client of a schema registry with the HTTP interface of Confluent's (Karapace and Apicurio speak it too). Throws coded errors. */
export class RegistryClient {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: Required<RegistryOptions>;
  /** What never changes: schemas by id, numbered versions. */
  readonly #known = new Map<string, Promise<unknown>>();

  /** Address of the registry; a user and password in it become basic authentication, and are shown nowhere. */
  constructor(address: string, options: RegistryOptions = {}) {
    const url = new URL(address);
    const given = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = '';
    url.password = '';
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    this.#headers = { accept: MEDIA_TYPE, ...(given === ':' ? {} : { authorization: `Basic ${Buffer.from(given).toString('base64')}` }) };
    this.#options = { timeoutMs: 5_000, attempts: 4, backoffMs: 200, ...options };
  }

  /** A version of a subject; a numbered one is asked for once. */
  async version(subject: string, version: number | 'latest'): Promise<RegisteredSchema> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const ask = async () => avroOnly(await this.#get(path, VERSION, `subject "${subject}"`), `subject "${subject}"`);
    return version === 'latest' ? ask() : this.#once(path, ask);
  }

  /** Numbers of the versions of a subject. */
  versions(subject: string): Promise<readonly number[]> {
    return this.#get(`/subjects/${encodeURIComponent(subject)}/versions`, VERSIONS, `subject "${subject}"`);
  }

  /** Every version of a subject. */
  async all(subject: string): Promise<readonly RegisteredSchema[]> {
    const schemas: RegisteredSchema[] = [];
    for (const version of await this.versions(subject)) schemas.push(await this.version(subject, version));
    return schemas;
  }

  /** The schema with an id; asked for once. */
  async schema(id: number): Promise<string> {
    const path = `/schemas/ids/${id}`;
    return this.#once(path, async () => avroOnly(await this.#get(path, SCHEMA, `schema ${id}`), `schema ${id}`).schema);
  }

  /** Registers a schema under a subject, or finds it there; gives its id. */
  async register(subject: string, schema: string): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    return (await this.#ask('POST', path, ID, `subject "${subject}"`, JSON.stringify({ schema }))).id;
  }

  #once<T>(path: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#known.get(path) as Promise<T> | undefined;
    if (known) return known;
    const asked = ask();
    this.#known.set(path, asked);
    asked.catch(() => this.#known.delete(path));
    return asked;
  }

  #get<T>(path: string, shape: z.ZodType<T>, subject: string): Promise<T> {
    return this.#ask('GET', path, shape, subject);
  }

  async #ask<T>(method: 'GET' | 'POST', path: string, shape: z.ZodType<T>, subject: string, body?: string): Promise<T> {
    const { attempts, backoffMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#askOnce(method, path, shape, subject, body);
      } catch (error) {
        if (!(error instanceof MillraceError) || error.retry !== 'backoff' || attempt >= attempts) throw error;
        await delay(backoffMs * 2 ** (attempt - 1));
      }
    }
  }

  async #askOnce<T>(method: 'GET' | 'POST', path: string, shape: z.ZodType<T>, subject: string, body: string | undefined): Promise<T> {
    const headers = body === undefined ? this.#headers : { ...this.#headers, 'content-type': MEDIA_TYPE };
    let status: number;
    let text: string;
    try {
      // not `fetch`: what ties its body to a signal may be collected before that fires
      const signal = AbortSignal.timeout(this.#options.timeoutMs);
      const answer = await request(this.#base + path, { method, headers, signal, body: body ?? null });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (cause) {
      throw transportError(this.#base, this.#options.timeoutMs, cause);
    }
    if (status < 200 || status > 299) throw answerError(this.#base, subject, status, text);
    const parsed = shape.safeParse(jsonOf(text));
    if (!parsed.success) throw invalidAnswer(this.#base, path);
    return parsed.data;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no shape takes it
  }
}

function avroOnly<T extends { readonly schemaType: string; readonly references: readonly unknown[] }>(found: T, what: string): T {
  if (found.schemaType !== 'AVRO')
    throw new MillraceError(`${what} holds ${found.schemaType}, not Avro`, {
      code: 'registry-type',
      domain: 'user',
      remedy: 'name a subject that holds Avro schemas',
    });
  if (found.references.length > 0)
    throw new MillraceError(`${what} refers to other subjects, which is not supported`, {
      code: 'registry-references',
      domain: 'user',
      remedy: 'register the schema with the types it refers to in it',
    });
  return found;
}
