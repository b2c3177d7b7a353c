import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Row } from '../../graph/contract/rows.ts';

interface Vector {
  readonly rows: number;
  readonly first: string;
  readonly last: string;
  readonly columns: Readonly<Record<string, { nulls: number; sum: number; magnitude: number }>>;
  readonly samples: readonly (Readonly<Record<string, number | string | null>> & { readonly row: number })[];
}
const VECTOR = JSON.parse(readFileSync(new URL('vectors/usdm.json', import.meta.url), 'utf8')) as Vector;

const near = (found: unknown, wanted: number, scale: number): boolean => Math.abs(Number(found) - wanted) <= 1e-9 * Math.max(scale, 1e-12);

/** Holds rows of `order_flow` of the capture against what pandas makes of it as a whole. */
export function expectVector(rows: readonly Row[]): void {
  expect([rows.length, String(rows[0]?.ts_event), String(rows.at(-1)?.ts_event)]).toEqual([VECTOR.rows, VECTOR.first, VECTOR.last]);
  for (const [name, { nulls, sum, magnitude }] of Object.entries(VECTOR.columns)) {
    const values = rows.map((row) => row[name]);
    expect([name, values.filter((value) => value === null).length]).toEqual([name, nulls]);
    const total = values.reduce((all: number, value) => all + Number(value ?? 0), 0);
    expect(near(total, sum, magnitude), `sum of ${name}: ${total}, not ${sum}`).toBe(true);
  }
  for (const { row, ts_event, ...sample } of VECTOR.samples) {
    expect(String(rows[row]?.ts_event)).toBe(ts_event);
    for (const [name, wanted] of Object.entries(sample)) {
      const found = rows[row]?.[name];
      const scale = (VECTOR.columns[name]?.magnitude ?? 0) / VECTOR.rows;
      const same =
        wanted === null ? found === null : found !== null && near(found, Number(wanted), Math.max(Math.abs(Number(wanted)), scale));
      expect(same, `row ${row}, ${name}: ${found}, not ${wanted}`).toBe(true);
    }
  }
}
