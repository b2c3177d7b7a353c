import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { size } from '../../graph/contract/params.ts';
import { inspectEntities } from './entities.ts';
import { sentimentSchema } from './layout.ts';
import { inspectModel, nativeSentiment } from './native.ts';
import { inspectSources } from './sources.ts';

const share = () => z.number().min(0).max(1);

const params = z.strictObject({
  column: z.string().min(1).default('headline').meta({ description: 'text column to score, Utf8 or Dictionary' }),
  entities: z.string().min(1).optional().meta({
    description:
      'entity table: csv with the columns symbol,name,alias, a line an alias; or ,Symbol,Entity with all aliases in one quoted cell; default none: every headline is scored as a whole',
    unit: 'path',
  }),
  model: z.string().min(1).optional().meta({ description: 'model file; default the one that is shipped', unit: 'path' }),
  sources: z
    .union([z.string().min(1), z.record(z.string(), share())])
    .default({})
    .meta({ description: 'credibility by source, from 0 to 1: a map, or the path of a csv with the columns source,credibility' }),
  default_credibility: share().default(0.5).meta({ description: 'credibility of sources that are not named', unit: '0 to 1' }),
  html: z.boolean().default(true).meta({ description: 'whether texts are HTML: tags are dropped, character references decoded' }),
  max_bytes: size()
    .refine((bytes) => bytes <= 16 * 1024 ** 2, 'expected a size of at most 16MiB')
    .prefault('64KiB')
    .meta({ description: 'longest text that is scored; longer ones leave on `rejected`', unit: 'size' }),
  max_entities: z.int().min(1).max(1000).default(32).meta({
    description: 'most entities of one text; a text that names more leaves on `rejected`',
    unit: 'entities',
  }),
  abstain: share().default(0).meta({ description: 'confidence below which no label is given', unit: 'probability' }),
  other_languages: z
    .enum(['abstain', 'score'])
    .default('abstain')
    .meta({ description: 'what to do of texts that are not English: no score, or a score all the same' }),
});

/** Parameters of `sentiment`, after defaults. */
export type SentimentParams = z.output<typeof params>;

/**
 * A row an entity that a headline names, with what the headline says of that entity; a headline that names none gives one row with a null
 * entity, scored as a whole. `RULES.md` beside this file says what happens, case by case.
 */
export const sentiment = defineOperator({
  name: 'sentiment',
  summary: 'What headlines say of the entities they name: negative, neutral or positive, with calibrated probabilities.',
  source: 'A. Sinha, S. Kedas, R. Kumar, P. Malo, SEntFiN 1.0: Entity-aware sentiment analysis for financial news (JASIST 73, 2022)',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'news: `ts_event` and a headline; `source` for its credibility; other columns pass' } },
  outputs: {
    [MAIN_PORT]: { description: 'a row an entity of a headline: the columns of the input, then what is said of the entity' },
    [REJECTED_PORT]: { description: 'headlines that are null, empty or too long, or name too many entities' },
  },
  groups: () => null,
  schema: sentimentSchema,
  files: (given) => [
    ...(['entities', 'model'] as const).flatMap((name) => {
      const path = given[name];
      return path === undefined ? [] : [{ path, place: { path: [name] } }];
    }),
    ...(typeof given.sources === 'string' ? [{ path: given.sources, place: { path: ['sources'] } }] : []),
  ],
  inspect: (given, files) => [
    ...(given.entities === undefined ? [] : inspectEntities(given.entities, files)),
    ...(given.model === undefined ? [] : inspectModel(given.model, files)),
    ...(typeof given.sources === 'string' ? inspectSources(given.sources, files) : []),
  ],
  create: nativeSentiment,
});
