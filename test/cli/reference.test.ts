import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parametersOf } from '../../cli/reference.ts';
import { duration, interval } from '../../graph/contract/params.ts';

describe('parameters of a declaration', () => {
  it('have type and unit, default, and what they mean', () => {
    const params = z.strictObject({
      every: interval().meta({ description: 'length of a bar', unit: 'duration' }),
      lateness: duration().default(0n).meta({ description: 'how late' }),
      empty: z.enum(['skip', 'carry']).default('skip').meta({ description: 'empty intervals' }),
      period: z.int().min(1).max(100).default(14).meta({ description: 'rows' }),
    });
    const [every, , empty, period] = parametersOf(params);
    expect(every).toEqual({ name: 'every', type: 'duration', required: true, default: null, description: 'length of a bar' });
    expect(empty).toEqual({ name: 'empty', type: 'skip | carry', required: false, default: 'skip', description: 'empty intervals' });
    expect(period).toMatchObject({ type: 'integer >= 1, <= 100', default: '14' });
  });

  it('of lists and choices are named by their path', () => {
    const series = z.union([
      z.strictObject({ ema: z.strictObject({ period: z.int() }) }),
      z.strictObject({ rsi: z.strictObject({ column: z.string() }) }),
    ]);
    const names = parametersOf(z.strictObject({ series: z.array(series) })).map((param) => param.name);
    expect(names).toEqual(['series', 'series[].ema', 'series[].ema.period', 'series[].rsi', 'series[].rsi.column']);
  });
});
