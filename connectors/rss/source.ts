import { createHash } from 'node:crypto';
import { Agent } from 'undici';
import type { ConnectorContext, SourceReader } from '../../graph/contract/connector.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import type { SourceHealth } from '../../graph/contract/view.ts';
import { Uncommitted } from '../landed/uncommitted.ts';
import { guardedLookup } from './address.ts';
import { RSS_SCHEMA } from './columns.ts';
import { FeedFault } from './fault.ts';
import { type Feed, type Item, readFeed } from './feed.ts';
import { fetchFeed, type Validators } from './fetch.ts';
import type { RssParams } from './params.ts';

const LONGEST_WAIT_MS = 3_600_000;
/** Times a wait is doubled, at most. */
const MOST_DOUBLINGS = 10;

/** One feed: what it said last, and items that the log does not hold yet. */
class FeedReader {
  readonly #url: string;
  readonly #params: RssParams;
  readonly #note: (line: string) => void;
  readonly #clock: () => bigint;
  readonly #seen = new Set<string>();
  #validators: Validators = { etag: null, modified: null };
  #nextMs = 0;
  #failures = 0;
  #told: string | null = null;
  #looking = false;
  #trouble: SourceHealth['trouble'] = null;
  #readAtMs: number | null = null;
  readonly #faults: Record<string, number> = {};
  #left: Feed['left'] = { empty: 0, large: 0 };
  readonly items = new Uncommitted<Row>();

  constructor(url: string, params: RssParams, note: (line: string) => void, clock: () => bigint) {
    this.#url = url;
    this.#params = params;
    this.#note = note;
    this.#clock = clock;
  }

  /** Begins to fetch the feed when it is time to; never waits for it. */
  look(nowMs: number, dispatcher: Agent, closing: AbortSignal): void {
    if (this.#looking || nowMs < this.#nextMs) return;
    this.#looking = true;
    void this.#fetch(dispatcher)
      .then(
        () => {
          this.#failures = 0;
          this.#told = null;
          this.#trouble = null;
          this.#readAtMs = this.#nowMs();
          this.#wait(0);
        },
        (error: unknown) => this.#failed(error, closing),
      )
      .finally(() => {
        this.#looking = false;
      });
  }

  async #fetch(dispatcher: Agent): Promise<void> {
    const { timeout, max_bytes, allow_private } = this.#params;
    // No AbortSignal.any: its sources may be collected before they fire (nodejs/node#57736). Closing destroys the dispatcher.
    const signal = AbortSignal.timeout(ms(timeout));
    const found = await fetchFeed(this.#url, this.#validators, { allowPrivate: allow_private, maxBytes: max_bytes, dispatcher, signal });
    if (found) {
      const { items, left } = readFeed(found.text);
      if (left.large > 0 && left.large !== this.#left.large)
        this.#note(`${shown(this.#url)}: feed-item-too-large: ${left.large} items have more text than is taken`);
      this.#left = left;
      this.#take(items);
      this.#validators = found.validators;
    }
  }

  /** How asking for it goes. */
  health(): SourceHealth {
    const left = { 'feed-item-empty': this.#left.empty, 'feed-item-too-large': this.#left.large };
    const readAgeMs = this.#readAtMs === null ? null : Math.max(0, this.#nowMs() - this.#readAtMs);
    return { trouble: this.#trouble, readAgeMs, failures: { ...this.#faults }, left };
  }

  #nowMs = (): number => Number(this.#clock() / 1_000_000n);

  /** Items that are new, in the order of their time; feeds list the newest first. */
  #take(items: readonly Item[]): void {
    const received = this.#clock();
    const source = this.#params.source ?? new URL(this.#url).hostname;
    const listed = new Set<string>();
    const rows = items.toReversed().flatMap((item): Row[] => {
      const id = createHash('sha256').update(item.id).digest('base64'); // an id can be of any length
      const known = this.#seen.has(id) || listed.has(id);
      listed.add(id);
      if (known) return [];
      const said = item.ms === null ? received : BigInt(Math.trunc(item.ms)) * 1_000_000n;
      const ts_event = said > received || said < 0n ? received : said; // a time ahead of ours would make all others late
      return [{ ts_event, ts_recv: received, source, headline: item.headline, body: item.body, url: item.url, id: item.id }];
    });
    this.items.add(rows.sort((a, b) => Number((a.ts_event as bigint) - (b.ts_event as bigint))));
    this.#remember(listed);
  }

  /** Known from now on: what is still listed is remembered longest. */
  #remember(listed: ReadonlySet<string>): void {
    for (const id of listed) {
      this.#seen.delete(id);
      this.#seen.add(id);
    }
    for (const id of this.#seen) {
      if (this.#seen.size <= Math.max(this.#params.remember, listed.size)) break;
      this.#seen.delete(id);
    }
  }

  #failed(error: unknown, closing: AbortSignal): void {
    if (closing.aborted) return;
    const fault =
      error instanceof FeedFault ? error : new FeedFault('feed-unreachable', error instanceof Error ? error.message : String(error));
    this.#failures += 1;
    const line = `${shown(this.#url)}: ${fault.code}: ${fault.message}`;
    const { code, message } = fault;
    this.#faults[code] = (this.#faults[code] ?? 0) + 1;
    const againMs = this.#nowMs() + this.#wait(fault.retryAfterMs);
    this.#trouble = { code, message, sinceMs: this.#trouble?.sinceMs ?? this.#nowMs(), againMs };
    if (line !== this.#told) this.#note(line);
    this.#told = line;
  }

  /** Each failure in a row doubles the wait, up to an hour; a server may ask for more. The wait, ms. */
  #wait(leastMs: number): number {
    const every = ms(this.#params.interval);
    const doubled = every * 2 ** Math.min(this.#failures, MOST_DOUBLINGS);
    const waitMs = Math.max(leastMs, Math.min(doubled, Math.max(LONGEST_WAIT_MS, every)));
    this.#nextMs = performance.now() + waitMs;
    return waitMs;
  }
}

/** An address without what may be a secret. */
function shown(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}

const ms = (ns: bigint): number => Math.max(1, Math.min(Number(ns / 1_000_000n), 2 ** 31 - 1));

const bytesOf = (row: Row): number => Buffer.byteLength(`${row.headline}${row.body ?? ''}${row.url ?? ''}${row.id}`) + 64;

/**
 * Looks at feeds. An item is given once while it is remembered; after a start what a feed lists comes again. A feed that cannot be had, or is
 * none, is told with a code and asked again later, ever less often. Positions count items.
 */
export async function openRss(
  params: RssParams,
  { note }: Pick<ConnectorContext, 'note'>,
  clock: () => bigint = () => BigInt(Date.now()) * 1_000_000n,
): Promise<SourceReader> {
  const urls = typeof params.url === 'string' ? [params.url] : params.url;
  const feeds = urls.map((url) => new FeedReader(url, params, note, clock));
  const closing = new AbortController();
  const agent = new Agent({ connect: { lookup: guardedLookup(params.allow_private), timeout: ms(params.timeout) }, pipelining: 0 });
  return {
    partitions: urls.map(shown),
    start: () => Promise.resolve(0),
    async read(partition, from, maxRows, maxBytes) {
      const feed = feeds[partition] as FeedReader;
      const items = feed.items.at(from, maxRows);
      if (items.length === 0) {
        feed.look(performance.now(), agent, closing.signal);
        return null;
      }
      let [rows, bytes] = [0, 0];
      for (; rows < items.length; rows++) {
        bytes += bytesOf(items[rows] as Row);
        if (rows > 0 && bytes > maxBytes) break;
      }
      return { partition, from, to: from + rows, batch: batchOf(RSS_SCHEMA, items.slice(0, rows)) };
    },
    health: (partition) => (feeds[partition] as FeedReader).health(),
    committed: (partition, position) => feeds[partition]?.items.committed(position),
    ended: () => false,
    async close() {
      closing.abort();
      await agent.destroy();
    },
  };
}
