import { expect, it } from 'vitest';
import { compileText } from './compiling.ts';

const FILE = `version: 1
connections: { questdb: "not an address" }
pipelines:
  good:
    sources: { trades: { simulate: {} } }
    sinks:
      shown: { from: trades, print: {} }
      kept: { from: trades, topic: kept }
  bad:
    sources: { trades: { simulate: {} } }
    operators: { big: { use: filtre, from: trades } }
    sinks:
      shown: { from: big, print: {} }
      broken: { from: big, topic: broken }
  behind:
    sources: { rows: { topic: broken } }
    sinks: { shown: { from: rows, print: {} } }
  beside:
    sources: { rows: { topic: kept } }
    sinks: { shown: { from: rows, print: {} } }
`;

const faults = (asked?: readonly string[], text = FILE) => {
  const { diagnostics, plans } = compileText(text, asked ? { asked } : {});
  return {
    told: diagnostics.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
    plans: plans.map(({ pipeline }) => pipeline),
  };
};

it('faults of pipelines that are not asked for, and of connections they alone use, are warnings', () => {
  expect(faults()).toEqual({ told: ['error connection-invalid 2', 'error operator-unknown 11'], plans: [] });
  const expected = ['warning connection-invalid 2', 'warning operator-unknown 11'];
  expect(faults(['good'])).toEqual({ told: expected, plans: ['good'] });
  expect(faults(['beside', 'good'])).toEqual({ told: expected, plans: ['good', 'beside'] });
  expect(faults(['bad']).told).toContain('error operator-unknown 11');
});

it('faults of what is asked for are errors, and so are those that it depends on and those of the whole file', () => {
  expect(faults(['good', 'bad']).plans).toEqual([]);
  expect(faults(['behind'])).toEqual(faults());
  expect(faults(['nobody'])).toEqual(faults());
  expect(faults(['good'], FILE.replace('version: 1', 'version: 2')).told).toContain('error value-invalid 1');
  expect(faults(['good'], FILE.replace('print: {} }', 'questdb: { table: t } }')).plans).toEqual([]);
});

it('faults in a file count for the pipelines that name it', () => {
  const named = FILE.replace('use: filtre, from: trades', 'use: lookup, from: trades, with: { table: labels.csv }');
  const faultsAt = (asked: readonly string[]) =>
    compileText(named, { asked, disk: { '/work/labels.csv': 'b' } }).diagnostics.filter(({ file }) => file.endsWith('labels.csv'));
  expect(faultsAt(['good'])).toMatchObject([{ severity: 'warning', code: 'file-invalid' }]);
  expect(faultsAt(['bad'])).toMatchObject([{ severity: 'error', code: 'file-invalid' }]);
});
