import type { z } from 'zod';
import { nearest } from '../../expression/nearest.ts';

/** What a fault says is wanted, and what was probably meant. */
interface Wanted {
  readonly text: string;
  readonly hint?: string;
}

/** Maps by the last key of their path, as an example. */
const MAPS: Readonly<Record<string, string>> = {
  message_rate: '{ messages: 100, per: 1s }',
  fat_finger_size: '{ times: 10, after: 20 }',
  rates: '{ EUR: 1.08 }',
  accounts: '{ alpha: { max_size_lots: 100 } }',
  symbols: '{ BTCUSDT: { tick_value: 0.01 } }',
};

/** What would have been right where a value is not, in plain words with an example. */
export function wantedAt(issue: z.core.$ZodIssue, path: readonly (string | number)[], found: unknown): Wanted {
  switch (issue.code) {
    case 'invalid_type':
      return { text: typeWords(String(issue.expected), path) };
    case 'invalid_union':
      // `{...} or nothing`
      return { text: issue.message.startsWith('expected') ? issue.message : mapWords(path) };
    case 'too_small':
      return {
        text: issue.origin === 'string' ? 'expected text that is not empty' : `expected a whole number of at least ${issue.minimum}`,
      };
    case 'too_big':
      return { text: `expected a whole number of at most ${issue.maximum}` };
    case 'invalid_value': {
      const values = issue.values.map(String);
      const near = typeof found === 'string' ? nearest(found, values) : null;
      const text = `expected ${values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${values.at(-1)}` : values[0]}`;
      return near === null ? { text } : { text, hint: `Did you mean "${near}"?` };
    }
    default:
      return { text: issue.message };
  }
}

function typeWords(expected: string, path: readonly (string | number)[]): string {
  switch (expected) {
    case 'object':
    case 'record':
      return path.length === 0 ? 'expected a map with version, currency, accounts and symbols' : mapWords(path);
    case 'array':
      return 'expected a list of symbols such as [BTCUSDT, ETHUSDT]';
    case 'string': {
      const key = path.at(-1);
      const example = key === 'currency' ? ' such as USD' : key === 'per' || key === 'duplicate_window' || key === 'max_price_age' ? ' such as 250ms' : ''; // biome-ignore format: one step
      return `expected text${example}`;
    }
    default:
      return 'expected a whole number such as 100';
  }
}

function mapWords(path: readonly (string | number)[]): string {
  const [last, above] = [path.at(-1), path.at(-2)];
  const inSymbols = above === 'symbols' && path.length === 2;
  return `expected a map such as ${inSymbols ? '{ tick_value: 0.01 }' : (MAPS[String(last)] ?? '{ max_size_lots: 100 }')}`;
}
