import { type Dispatcher, request } from 'undici';
import { checkedUrl } from './address.ts';
import { FeedFault } from './fault.ts';

/** What a server said of its last answer, to be asked whether there is another. */
export interface Validators {
  readonly etag: string | null;
  readonly modified: string | null;
}

export interface FetchOptions {
  readonly allowPrivate: boolean;
  readonly maxBytes: number;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

/** The document, or null where it is still that of the validators. */
export type Fetched = { readonly text: string; readonly validators: Validators } | null;

const MOST_REDIRECTS = 5;
const DAY_MS = 86_400_000;

/** Fetches a feed, following a few redirects, each looked at as the address itself. Throws a `FeedFault` for all that can be wrong. */
export async function fetchFeed(address: string, before: Validators, options: FetchOptions): Promise<Fetched> {
  const headers = {
    'user-agent': 'millrace (feed reader)',
    accept: 'application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1',
    'accept-encoding': 'identity', // what is packed could be of any size
    ...(before.etag === null ? {} : { 'if-none-match': before.etag }),
    ...(before.modified === null ? {} : { 'if-modified-since': before.modified }),
  };
  let url = checkedUrl(address, null, options.allowPrivate);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await request(url, { headers, dispatcher: options.dispatcher, signal: options.signal }).catch(failed);
    try {
      const location = header(answer, 'location');
      if ([301, 302, 303, 307, 308].includes(answer.statusCode) && location !== null) {
        url = checkedUrl(location, url, options.allowPrivate);
        continue;
      }
      if (answer.statusCode === 304) return null;
      if (answer.statusCode !== 200) throw new FeedFault('feed-status', `its server says ${answer.statusCode}`, retryAfterMs(answer));
      const bytes = await bodyOf(answer, options.maxBytes);
      return { text: textOf(bytes, header(answer, 'content-type') ?? ''), validators: { etag: header(answer, 'etag'), modified: header(answer, 'last-modified') } }; // biome-ignore format: one step
    } finally {
      answer.body.on('error', () => undefined).destroy(); // what is not read is not waited for
    }
  }
  throw new FeedFault('feed-redirects', `it is redirected more than ${MOST_REDIRECTS} times`);
}

function failed(error: unknown): never {
  if (error instanceof FeedFault) throw error;
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || code?.endsWith('_TIMEOUT')) throw new FeedFault('feed-timeout', 'its server takes too long');
  throw new FeedFault('feed-unreachable', `it cannot be reached (${code ?? message})`);
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** Seconds or a date; at most a day. */
function retryAfterMs(answer: Dispatcher.ResponseData): number {
  const text = header(answer, 'retry-after');
  if (text === null) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), DAY_MS) : 0;
}

async function bodyOf(answer: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  const encoding = header(answer, 'content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new FeedFault('feed-encoding', `its server packs it (${encoding.slice(0, 40)}) though asked not to`);
  const tooLarge = () => new FeedFault('feed-too-large', `it has more than ${maxBytes} bytes`);
  if (Number(header(answer, 'content-length') ?? 0) > maxBytes) throw tooLarge();
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer.body) {
      bytes += (part as Buffer).length;
      if (bytes > maxBytes) throw tooLarge();
      parts.push(part as Buffer);
    }
  } catch (error) {
    failed(error);
  }
  return Buffer.concat(parts);
}

const CHARSETS = new Set(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']);

/** By the byte order mark, the header, the declaration, else UTF-8. */
function textOf(bytes: Buffer, contentType: string): string {
  const declared = /^<\?xml[^>]{0,200}encoding=["']([\w-]{1,40})["']/.exec(bytes.subarray(0, 256).toString('latin1'))?.[1];
  const bom = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : null;
  const label = bom ?? /charset="?([\w-]{1,40})/i.exec(contentType)?.[1] ?? declared ?? 'utf-8';
  try {
    const decoder = new TextDecoder(label, { fatal: true }); // latin1 and ASCII are read as windows-1252, as browsers do
    if (!CHARSETS.has(decoder.encoding)) throw new RangeError(label);
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new FeedFault('feed-charset', `its character set "${label}" is not known here`);
    throw new FeedFault('feed-not-text', `it is not ${label.toUpperCase()}`);
  }
}
