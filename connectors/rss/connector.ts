import type { Connector, SourceDeclaration } from '../../graph/contract/connector.ts';
import { type RssParams, rssParams } from './params.ts';
import { openRss, RSS_SCHEMA } from './source.ts';

const source: SourceDeclaration<RssParams> = {
  params: rssParams,
  formats: [],
  schema: () => RSS_SCHEMA,
  time: 'ts_event',
  partitions: ({ url }) => (typeof url === 'string' ? 1 : url.length),
  finite: () => false,
  replay: 'never',
  open: openRss,
};

/** Feeds of news. */
export const rssConnector: Connector = {
  name: 'rss',
  summary: 'news feeds (RSS 2.0, RSS 1.0, Atom): each item once, landed in a topic; asked by conditional GET, never at private addresses',
  connection: null,
  source,
};
