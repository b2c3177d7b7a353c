import { z } from 'zod';

const sourcePath = z
  .string()
  .min(1)
  .meta({
    description:
      'file to read, relative to the pipeline file; `*`, `?`, `[a-z]` and `{a,b}` match several, each a partition, in order of their names. ' +
      'It must not change while a pipeline is at it: positions are counted, not remembered by content',
  });

const source = z.strictObject({
  path: sourcePath,
  pace: z
    .string()
    .regex(/^(max|\d+(\.\d+)?x)$/, 'expected max, 1x, 10x, …')
    .refine((text) => text === 'max' || Number.parseFloat(text) > 0, 'expected a positive speed')
    .default('max')
    .meta({ description: 'max: as fast as rows are taken; 1x: as they were stamped, 10x: ten times as fast' }),
  pace_by: z.string().default('ts_recv').meta({
    description:
      'field that `pace` goes by, in JSON objects and CSV lines with a header; a leading number of a capture line is taken first',
  }),
});

/** Parameters of the source. */
export type FileSourceParams = z.output<typeof source>;

/** The path alone, or all parameters. */
export const fileSourceParams = z.union([
  sourcePath.transform((path): FileSourceParams => ({ path, pace: 'max', pace_by: 'ts_recv' })),
  source,
]);

const sinkPath = z.string().min(1).meta({
  description:
    'file to write, relative to the pipeline file; it appears when the input has ended, whole. With .gz at its end it is compressed',
});

const sink = z.strictObject({
  path: sinkPath,
  format: z
    .enum(['ndjson', 'csv', 'arrow'])
    .optional()
    .meta({ description: 'how rows are written (arrow: an IPC stream); default: by the ending .ndjson, .jsonl, .csv, .arrow or .arrows' }),
  lineage: z.boolean().default(false).meta({ description: 'also write the columns _src, _seq, _task and _epoch' }),
});

const FORMATS: readonly (readonly [RegExp, 'ndjson' | 'csv' | 'arrow'])[] = [
  [/\.(ndjson|jsonl|json)(\.gz)?$/, 'ndjson'],
  [/\.csv(\.gz)?$/, 'csv'],
  [/\.arrows?(\.gz)?$/, 'arrow'],
];

/** How a file is laid out by the ending of its name; null for an ending that does not tell. */
export function endingFormat(path: string): 'ndjson' | 'csv' | 'arrow' | null {
  return FORMATS.find(([ending]) => ending.test(path))?.[1] ?? null;
}

/** Parameters of the sink, the format decided. */
export interface FileSinkParams {
  readonly path: string;
  readonly format: 'ndjson' | 'csv' | 'arrow';
  readonly lineage: boolean;
}

/** The path alone, or all parameters. */
export const fileSinkParams = z
  .union([sinkPath.transform((path): z.output<typeof sink> => ({ path, lineage: false })), sink])
  .transform((given, issues): FileSinkParams => {
    const format = given.format ?? endingFormat(given.path);
    if (!format) issues.addIssue({ code: 'custom', path: ['path'], message: 'expected an ending .ndjson, .csv or .arrow, or "format"' });
    return { path: given.path, lineage: given.lineage, format: format ?? 'ndjson' };
  });
