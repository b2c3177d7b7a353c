import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { referenceDeduplicate } from './kernel.ts';
import { DUPLICATES_PORT, deduplicateSchema, LATE_PORT } from './layout.ts';
import { nativeDeduplicate } from './native.ts';

const params = z.strictObject({
  column: z.string().min(1).default('headline').meta({ description: 'text column to compare, Utf8 or Dictionary' }),
  by: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'key columns: texts are compared with those of the same key only; default all with all' }),
  window: interval().default(3_600_000_000_000n).meta({ description: 'how far apart in event time duplicates may be', unit: 'duration' }),
  max_rows: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .meta({ description: 'kept rows of a key that are remembered, about 150 bytes each', unit: 'rows' }),
  near: z.int().min(0).max(15).default(8).meta({
    description: 'signs of 64 that the SimHash of nearly equal texts may differ by; 0: only equal texts are duplicates',
    unit: 'signs',
  }),
});

/** Parameters of `deduplicate`, after defaults. */
export type DeduplicateParams = z.output<typeof params>;

/**
 * Keeps the first of texts that say the same; the others leave on `duplicates`. `RULES.md` beside this file says what is the same, and what
 * the default of `near` finds.
 */
export const deduplicate = defineOperator({
  name: 'deduplicate',
  summary: 'Drops texts that were there before, equal or nearly so, within a window of event time; the first is kept.',
  source:
    'M. Charikar, Similarity Estimation Techniques from Rounding Algorithms (STOC 2002); G. Manku, A. Jain, A. Das Sarma, Detecting Near-Duplicates for Web Crawling (WWW 2007)',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'rows with `ts_event` and a text' } },
  outputs: {
    [MAIN_PORT]: { description: 'rows whose text was not there before, as they came' },
    [LATE_PORT]: {
      description:
        'rows that repeat nothing that is remembered and lie more than `window` before the newest of their key: what they may repeat is forgotten, as after a restart of a feed that tells everything again',
    },
    [DUPLICATES_PORT]: { description: 'the others, with the time of the row that they repeat, `duplicate_of_ts`, and `distance`, 0 to 15' },
  },
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    return input ? given.by.filter((name) => columnIndex(input, name) >= 0) : null;
  },
  schema: deduplicateSchema,
  create: nativeDeduplicate,
  reference: referenceDeduplicate,
});
