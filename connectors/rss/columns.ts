import { Schema, Utf8 } from 'apache-arrow';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';

/** An item of a feed. */
export const RSS_SCHEMA = new Schema([
  field('ts_event', COLUMNS.ts_event.type, false, 'when it was published, else updated, else received; never after it was received'),
  COLUMNS.ts_recv,
  field('source', dictionaryOf('source'), false, 'who published it: host of the feed'),
  field('headline', new Utf8(), false, 'its title, else the beginning of its text'),
  field('body', new Utf8(), true, 'its text as the feed has it, maybe HTML'),
  field('url', new Utf8(), true, 'where it can be read'),
  field('id', new Utf8(), false, 'what the feed calls it: guid or id, else its address'),
]);
