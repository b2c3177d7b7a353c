import { z } from 'zod';

/** Longest window of an operator over series. */
export const MAX_WINDOW = 100_000;

/** Parameters that operators over series share. */
export const by = z
  .array(z.string().min(1))
  .optional()
  .meta({ description: 'key columns: each key is a series of its own; default those of account, venue, symbol that the input has' });

export const as = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, 'expected a column name of letters, digits and _')
  .optional()
  .meta({ description: 'what the names of the added columns begin with, and a _ after it' });

export const lambda = z.number().gt(0).lt(1).default(0.94).meta({
  description: 'exponential weighting: the weight of a row against that of the next (RiskMetrics: 0.94 for days, 0.97 for months)',
});

/** A level between one half and 1 of at most nine decimals, so that ranks are exact. */
export const confidence = z
  .number()
  .gte(0.5)
  .lt(1)
  .refine((level) => Math.abs(tailParts(level) / 1e9 - (1 - level)) < 1e-12, 'expected at most nine decimals');

/** The tail beyond a confidence level, in billionths. */
export function tailParts(level: number): number {
  return Math.round((1 - level) * 1e9);
}

/** A confidence level in percent, for names: `95`, `97_5`. */
export function percentText(level: number): string {
  return String((1e9 - tailParts(level)) / 1e7).replace('.', '_');
}
