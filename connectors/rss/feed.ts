import { FeedFault } from './fault.ts';
import { readXml } from './xml.ts';

/** An item or entry of a feed. */
export interface Item {
  readonly id: string;
  readonly headline: string;
  readonly body: string | null;
  readonly url: string | null;
  /** When it was published, else updated, ms since 1970 UTC; null where it does not say. */
  readonly ms: number | null;
}

export interface Feed {
  readonly items: readonly Item[];
  /** Items left out: without any text, or with more than is taken. */
  readonly left: { readonly empty: number; readonly large: number };
}

/** Text of one item that is taken, characters: more than any article, less than a message holds. */
export const MOST_ITEM_CHARACTERS = 200_000;
const MOST_HEADLINE_CHARACTERS = 4_000;

const ROOTS = new Set(['rss', 'feed', 'rdf:rdf']);
const ITEMS = new Set(['item', 'entry']);
/** Elements that are read, under the names they have without the prefixes that feeds use. */
const NAMES: Readonly<Record<string, string>> = {
  title: 'title',
  link: 'link',
  guid: 'id',
  id: 'id',
  description: 'summary',
  summary: 'summary',
  'content:encoded': 'content',
  content: 'content',
  pubdate: 'published',
  published: 'published',
  issued: 'published',
  'dc:date': 'published',
  updated: 'updated',
  modified: 'updated',
};

/** A date of RFC 822 or ISO 8601, as ms; one without a zone is UTC, so that no clock of a machine matters. */
export function dateMs(text: string): number | null {
  const plain = text.trim();
  if (plain === '' || plain.length > 64) return null;
  const zoned = /(?:Z|[+-]\d{2}:?\d{2}|\b(?:UTC?|GMT|[ECMP][SD]T))$/i.test(plain);
  const iso = /^\d{4}-\d{2}-\d{2}/.test(plain);
  const day = /^\d{4}-\d{2}-\d{2}$/.test(plain);
  const ms = Date.parse(zoned || day ? plain : `${plain}${iso ? 'Z' : ' GMT'}`);
  return Number.isFinite(ms) ? ms : null;
}

/** The items of an RSS 2.0, RSS 1.0 (RDF) or Atom document, in its order. Throws a `FeedFault`. */
export function readFeed(document: string): Feed {
  const items: Item[] = [];
  const left = { empty: 0, large: 0 };
  let depth = 0;
  let itemDepth = 0; // 0: outside of items
  let fields = new Map<string, string>();
  let field: string | null = null;
  let characters = 0;

  const finish = (): void => {
    const item = itemOf(fields);
    if (characters > MOST_ITEM_CHARACTERS) left.large += 1;
    else if (item) items.push(item);
    else left.empty += 1;
  };
  readXml(document, {
    open(written, attributes) {
      const name = written.replace(/^(atom|rss|a10):/, '');
      depth += 1;
      if (depth === 1 && !ROOTS.has(name))
        throw new FeedFault('feed-unknown', `it begins with "${name.slice(0, 40)}", not as RSS or Atom do`);
      if (itemDepth === 0 && ITEMS.has(name)) {
        [itemDepth, fields, characters, field] = [depth, new Map(), 0, null];
        const about = attributes.get('rdf:about');
        if (about !== undefined) fields.set('id', about);
      } else if (itemDepth > 0 && depth === itemDepth + 1) {
        field = NAMES[name] ?? null;
        const href = attributes.get('href');
        if (field === 'link' && href !== undefined && ['alternate', undefined].includes(attributes.get('rel'))) fields.set('link', href);
      }
    },
    text(text) {
      if (itemDepth === 0 || field === null) return;
      characters += text.length;
      if (characters <= MOST_ITEM_CHARACTERS) fields.set(field, (fields.get(field) ?? '') + text);
    },
    close() {
      if (itemDepth > 0 && depth === itemDepth) {
        finish();
        itemDepth = 0;
      } else if (itemDepth > 0 && depth === itemDepth + 1) field = null;
      depth -= 1;
    },
  });
  if (depth !== 0 || document.trim() === '') throw new FeedFault('feed-unknown', 'it is empty');
  return { items, left };
}

function itemOf(fields: ReadonlyMap<string, string>): Item | null {
  const value = (name: string): string | null => fields.get(name)?.trim() || null;
  const body = value('content') ?? value('summary');
  const headline = (value('title') ?? body)?.replace(/\s+/g, ' ').slice(0, MOST_HEADLINE_CHARACTERS);
  if (headline === undefined) return null;
  const url = value('link');
  const [published, updated] = [value('published'), value('updated')].map((text) => (text === null ? null : dateMs(text)));
  const ms = published ?? updated ?? null;
  return { id: value('id') ?? url ?? `${headline} ${ms ?? ''}`, headline, body, url, ms };
}
