import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { FileFault } from '../../graph/contract/operator.ts';

/** The card of a model lies beside it. */
export const cardPath = (model: string): string => `${model}.json`;

export const CARD_HINT =
  'It is the card of the model, which lies beside it: `millrace train` writes both, and docs/models.md tells what it says.';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

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
