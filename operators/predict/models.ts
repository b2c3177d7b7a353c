import { MillraceError } from '../../graph/contract/error.ts';
import type { ParamFile, ParamPlace } from '../../graph/contract/operator.ts';
import { type ModelCard, parseCard } from '../onnx/card.ts';
import { CARD_HINT, cardPath } from '../onnx/card-file.ts';
import type { PredictParams } from './operator.ts';

/** A model that parameters name. */
export interface NamedModel {
  /** As the parameters write it. */
  readonly path: string;
  readonly place: ParamPlace;
  /** `live` is used from the start, a `version` when the port `switch` says so, a `shadow` never. */
  readonly role: 'live' | 'version' | 'shadow';
}

/** A model with its card. */
export interface CardedModel extends NamedModel {
  readonly card: ModelCard;
}

export function modelsOf({ model, versions, shadow }: PredictParams): readonly NamedModel[] {
  const listed = (key: string, paths: readonly string[], role: NamedModel['role']): NamedModel[] =>
    paths.map((path, i) => ({ path, place: { path: [key, i] }, role }));
  return [
    { path: model, place: { path: ['model'] }, role: 'live' },
    ...listed('versions', versions, 'version'),
    ...listed('shadow', shadow, 'shadow'),
  ];
}

/** The files of the models: the models, and their cards. */
export function filesOf(params: PredictParams): readonly ParamFile[] {
  return modelsOf(params).flatMap(({ path, place }) => [
    { path, place, binary: true },
    { path: cardPath(path), place, current: true, hint: CARD_HINT },
  ]);
}

/** The models with their cards, whose texts were found sound before. */
export function cardedModels(params: PredictParams, texts: ReadonlyMap<string, string>): readonly CardedModel[] {
  return modelsOf(params).map((model) => {
    const parsed = parseCard(cardPath(model.path), texts.get(cardPath(model.path)) ?? '');
    if ('card' in parsed) return { ...model, card: parsed.card };
    const reason = parsed.faults.map(({ message }) => message).join('; ');
    throw new MillraceError(`the card of model "${model.path}": ${reason}`, { code: 'model-invalid', domain: 'user' });
  });
}

/** Horizons of several models in the order in which a row is answered. */
export function askedOf(models: readonly CardedModel[]): readonly { readonly model: CardedModel; readonly horizon: string }[] {
  return models.flatMap((model) => model.card.horizons.map(({ horizon }) => ({ model, horizon })));
}
