import { isIP } from 'node:net';
import type { Connector, SourceDeclaration } from '../../graph/contract/connector.ts';
import { hostOf, isPublic } from './address.ts';
import { RSS_SCHEMA } from './columns.ts';
import { type RssParams, rssParams } from './params.ts';

const source: SourceDeclaration<RssParams> = {
  params: rssParams,
  formats: [],
  schema: () => RSS_SCHEMA,
  time: 'ts_event',
  partitions: ({ url }) => (typeof url === 'string' ? 1 : url.length),
  faults: ({ url, allow_private }) =>
    [url].flat().flatMap((text) => {
      const host = hostOf(new URL(text));
      if (allow_private || isIP(host) === 0 || isPublic(host)) return [];
      const message = `a feed is at ${host}, which is no address of the public internet`; // not the address, which may hold a token
      return [{ text, message, hint: 'Add "allow_private: true" to have it asked; never for feeds that others name.' }];
    }),
  finite: () => false,
  replay: 'never',
  open: async (params, context) => (await import('./source.ts')).openRss(params, context), // clients are loaded where they are used
};

/** Feeds of news. */
export const rssConnector: Connector = {
  name: 'rss',
  summary: 'news feeds (RSS 2.0, RSS 1.0, Atom): each item once, landed in a topic; asked by conditional GET, never at private addresses',
  connection: null,
  source,
};
