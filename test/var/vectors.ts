import { readFileSync } from 'node:fs';
import type { Row } from '../../graph/contract/rows.ts';
import { varOperator } from '../../operators/var/operator.ts';
import { bothOf } from './edhec.ts';

/** VaR and ES. */
type Pair = readonly [number, number];

interface Risk {
  readonly confidence: number;
  readonly historical: { readonly linear: Pair; readonly inverted_cdf: Pair };
  readonly gaussian: Pair;
  readonly cornish_fisher: Pair;
  readonly ewma: Pair;
}

/** What is expected of a series over windows. */
export interface Windows {
  readonly windows: readonly {
    readonly window: number;
    readonly rows: readonly { readonly row: number; readonly risks: readonly Risk[] }[];
  }[];
}

export interface Contributions {
  readonly confidence: number;
  readonly weights: readonly number[];
  readonly methods: Readonly<Record<string, { readonly total: Pair; readonly marginals: readonly Pair[] }>>;
}

export interface Vectors {
  readonly versions: Readonly<Record<string, string>>;
  readonly lambda: number;
}

export function vectors<V>(name: string): Vectors & V {
  return JSON.parse(readFileSync(new URL(`./vectors/${name}`, import.meta.url), 'utf8')) as Vectors & V;
}

/** Where `actual` is not `expected` within 1e-9 relative. */
export function misses(actual: Row | undefined, expected: Readonly<Record<string, number | null>>, where: string): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const got = actual?.[name];
    const same =
      typeof got === 'number' && value !== null ? Math.abs(got - value) <= 1e-9 * Math.max(Math.abs(got), Math.abs(value)) : got === value;
    return same ? [] : [`${where}: ${name} is ${got}, expected ${value}`];
  });
}

const text = (confidence: number): string => String(Math.round(confidence * 1e9) / 1e7).replace('.', '_');

/** Where VaR and ES of a series differ from what is expected, by the native kernel and by the reference, with both quantiles. */
export function riskMisses(values: Float64Array, { windows }: Windows): string[] {
  const confidences = windows[0]?.rows[0]?.risks.map(({ confidence }) => confidence) ?? [];
  return windows.flatMap(({ window, rows }) => {
    const min_rows = Math.min(window, ...rows.map(({ row }) => row + 1));
    return (['linear', 'inverted_cdf'] as const).flatMap((quantile) =>
      bothOf(varOperator, { column: 'r', window, min_rows, confidences, quantile }, { r: values }).flatMap((out, kernel) =>
        rows.flatMap(({ row, risks }) =>
          risks.flatMap(({ confidence, historical, ...others }) =>
            Object.entries({ ...others, historical: historical[quantile] }).flatMap(([method, [risk, shortfall]]) =>
              misses(
                out[row],
                { [`var_${method}_${text(confidence)}`]: risk, [`es_${method}_${text(confidence)}`]: shortfall },
                `kernel ${kernel}, window ${window}, row ${row}, ${quantile}`,
              ),
            ),
          ),
        ),
      ),
    );
  });
}

/** Where the last row's totals, marginals and components of a portfolio differ from what is expected, and components from their total. */
export function contributionMisses(columns: Readonly<Record<string, Float64Array>>, expected: Contributions): string[] {
  const names = Object.keys(columns);
  const { confidence, weights, methods } = expected;
  const given = Object.fromEntries(names.map((name, i) => [name, weights[i] ?? 0]));
  const window = columns[names[0] ?? '']?.length ?? 0;
  return bothOf(varOperator, { columns: names, weights: given, window, confidences: [confidence] }, columns).flatMap((out, kernel) => {
    const last = out.at(-1) ?? {};
    return Object.entries(methods).flatMap(([method, { total, marginals }]) =>
      (['var', 'es'] as const).flatMap((of, side) => {
        const stem = `${of}_${method}_${text(confidence)}`;
        const parts = names.map((name, i) => [name, marginals[i]?.[side] ?? Number.NaN, weights[i] ?? 0] as const);
        const cells = parts.flatMap(([name, marginal, weight]) => [
          [`${stem}_marginal_${name}`, marginal] as const,
          [`${stem}_component_${name}`, marginal * weight] as const,
        ]);
        const sum = names.reduce((all, name) => all + Number(last[`${stem}_component_${name}`]), 0);
        return [
          ...misses(last, { [stem]: total[side] ?? null, ...Object.fromEntries(cells) }, `kernel ${kernel}`),
          ...(Math.abs(sum - Number(last[stem])) <= 1e-12 * Math.abs(sum)
            ? []
            : [`components of ${stem} add up to ${sum}, not ${last[stem]}`]),
        ];
      }),
    );
  });
}
