import { z } from 'zod';
import { interval } from '../../graph/contract/params.ts';

const path = z.string().min(1).meta({ description: 'text file to watch, relative to the pipeline file' });

const watched = z.strictObject({
  path,
  every: interval().default(1_000_000_000n).meta({ description: 'time between two looks at the file', unit: 'duration' }),
});

/** Parameters of the source. */
export type DocumentParams = z.output<typeof watched>;

/** The path alone, or all parameters. */
export const documentParams = z.union([path.transform((only): DocumentParams => ({ path: only, every: 1_000_000_000n })), watched]);
