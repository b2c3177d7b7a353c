import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const DATA = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const NEWS = join(DATA, 'news');

/** A labelled headline of SEntFiN. */
export interface Labelled {
  readonly headline: string;
  readonly entities: readonly { readonly name: string; readonly sentiment: string }[];
}

/** Whether the data are here: `news/` of the shared data, or of `MILLRACE_DATA`. */
export const hasNews = existsSync(join(NEWS, 'headlines.ndjson.gz'));

export const readLabelled = (): Labelled[] =>
  gunzipSync(readFileSync(join(NEWS, 'headlines.ndjson.gz')))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Labelled);

export const readEntityTable = (): string => readFileSync(join(NEWS, 'entities.csv'), 'utf8');
