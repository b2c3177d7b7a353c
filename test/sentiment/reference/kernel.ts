import { readFileSync } from 'node:fs';
import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../../graph/contract/columns.ts';
import type { Kernel } from '../../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../../graph/contract/rows.ts';
import { entitiesOf } from '../../../operators/sentiment/entities.ts';
import type { SentimentParams } from '../../../operators/sentiment/operator.ts';
import { sourcesOf } from '../../../operators/sentiment/sources.ts';
import { spaced, textOf } from './html.ts';
import { isEnglish } from './language.ts';
import { readModel } from './model.ts';
import { type Name, namesOf } from './names.ts';
import type { Span } from './tokens.ts';

const SHIPPED = readFileSync(new URL('../../../operators/sentiment/model.json', import.meta.url), 'utf8');
const shipped = readModel(SHIPPED);

/** `sentiment` in the plainest words: the oracle of the native kernel. It reads files, so that it is no part of the product. */
export function referenceSentiment({ params, inputs, outputs, files }: KernelContext<SentimentParams>): Kernel {
  const entities = params.entities === undefined ? [] : entitiesOf(params.entities, files);
  const sources = sourcesOf(params.sources, files);
  const hasSource = inputs[INPUT_PORT]?.fields.some(({ name }) => name === 'source');

  const refusal = (headline: unknown): readonly [code: string, reason: string] | null => {
    if (typeof headline !== 'string') return ['headline-missing', `${params.column} is null`];
    const bytes = Buffer.byteLength(headline);
    if (bytes > params.max_bytes) return ['headline-too-large', `${params.column} has ${bytes} bytes, more than ${params.max_bytes}`];
    const text = params.html ? textOf(headline) : spaced(headline);
    if (text === '') return ['headline-empty', `${params.column} has no text`];
    const first = new Set(namesOf(text, entities).map((name) => name.entities[0]));
    return first.size > params.max_entities
      ? ['entities-too-many', `${params.column} names more than ${params.max_entities} entities`]
      : null;
  };

  const told = (row: Row): Row[] => {
    const headline = row[params.column] as string;
    const text = params.html ? textOf(headline) : spaced(headline);
    const names = namesOf(text, entities);
    const first = names.filter((name, i) => names.findIndex((other) => other.entities[0] === name.entities[0]) === i);
    const english = isEnglish(text);
    const span = ({ from, to }: Name): Span => [Buffer.byteLength(text.slice(0, from)), Buffer.byteLength(text.slice(0, to))];
    const source = hasSource && typeof row.source === 'string' && Object.hasOwn(sources, row.source) ? sources[row.source] : undefined;

    const line = (name: Name | null): Row => {
      const others = name === null ? [] : names.filter((other) => other.entities[0] !== name.entities[0]).map(span);
      const p = english || params.other_languages === 'score' ? shipped.score(text, name === null ? [0, 0] : span(name), others) : null;
      const [negative, neutral, positive] = p ?? [null, null, null];
      const most = p === null ? null : Math.max(...p);
      const label =
        most === null || most < params.abstain ? null : neutral === most ? 'neutral' : negative === most ? 'negative' : 'positive';
      const symbols = new Set((name?.entities ?? []).map((entity) => entities[entity]?.symbol ?? null));
      return {
        ...row,
        entity: name === null ? null : (entities[name.entities[0] as number]?.name as string),
        symbol: symbols.size === 1 ? ([...symbols][0] as string | null) : null,
        ambiguity: name?.ambiguity ?? 0,
        label,
        p_negative: negative,
        p_neutral: neutral,
        p_positive: positive,
        sentiment: p === null ? null : p[2] - p[0],
        confidence: most,
        abstained: label === null,
        credibility: source ?? params.default_credibility,
        language: english ? 'en' : 'other',
        model_hash: shipped.hash,
      };
    };
    return first.length === 0 ? [line(null)] : first.map(line);
  };

  return {
    push(batch, _port, emit) {
      const rows = rowsOf(batch);
      const refused = rows.flatMap((row, i): Row[] => {
        const why = refusal(row[params.column]);
        return why ? [{ row: i, code: why[0], reason: why[1], raw: Buffer.from(rowText(batch, i)) }] : [];
      });
      const out = rows.filter((row) => refusal(row[params.column]) === null).flatMap(told);
      if (out.length > 0) emit(MAIN_PORT, batchOf(outputs[MAIN_PORT] as Schema, out));
      if (refused.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, refused));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => [],
    restore: () => undefined,
  };
}
