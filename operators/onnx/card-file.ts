import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { FileFault } from '../../graph/contract/operator.ts';
import { ModelFault, type ModelShape, readShape } from './shape.ts';

/** The card of a model lies beside it. */
export const cardPath = (model: string): string => `${model}.json`;

export const CARD_HINT =
  'It is the card of the model, which lies beside it: `millrace train` writes both, and docs/models.md tells what it says.';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of a file, hexadecimal. */
export const hash = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
    .meta({ description });

/** What every card begins with. */
export const CARD_HEAD = {
  format: z.literal('millrace-model').meta({ description: 'what kind of file it is' }),
  version: z.literal(1).meta({ description: 'version of this format' }),
  name: z
    .string()
    .min(1)
    .max(200)
    .meta({ description: 'what rows say they were answered by, column `model`; one of its own for each version' }),
  sha256: hash('SHA-256 of the model file, 64 hexadecimal digits; another file does not start'),
};

/** What every card may end with. */
export const CARD_RECORD = {
  trained: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'how it was made: rows, times, hash of the data, seed; for people' }),
  metrics: z.record(z.string(), z.unknown()).optional().meta({ description: 'how well it did on what it had not seen; for people' }),
};

/** Why a file is not the model of a card, or what `fits` has against its shape, in words that follow `model "x":`; null when nothing is. */
export function fileFault(bytes: Uint8Array, card: { readonly sha256: string }, fits: (shape: ModelShape) => string | null): string | null {
  let shape: ModelShape;
  try {
    shape = readShape(bytes);
  } catch (error) {
    if (error instanceof ModelFault) return error.message;
    throw error;
  }
  if (sha256(bytes) !== card.sha256) return 'it is not the file that its card was written for: another SHA-256';
  return fits(shape);
}

/** A card, or every fault in its text. */
export function readCard<C>(
  shape: z.ZodType<C>,
  path: string,
  text: string,
): { readonly card: C } | { readonly faults: readonly FileFault[] } {
  const fault = (message: string, from = 0, to = Math.max(1, text.length)): FileFault => ({ path, from, to, message });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const at = Number(/position (\d+)/.exec(reason)?.[1] ?? text.length);
    return {
      faults: [fault(`this is no JSON: ${reason.replace(/\s*\(line.*$/, '')}`, Math.min(at, Math.max(0, text.length - 1)), at + 1)],
    };
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return { card: parsed.data };
  return {
    faults: parsed.error.issues.map((issue) => {
      const key = issue.path.findLast((part) => typeof part === 'string');
      const at = key === undefined ? -1 : text.indexOf(JSON.stringify(key));
      const where = issue.path.length > 0 ? `"${issue.path.join('.')}": ` : '';
      return at < 0 ? fault(`${where}${issue.message}`, 0, 1) : fault(`${where}${issue.message}`, at, at + String(key).length + 2);
    }),
  };
}
