import { describe, expect, it } from 'vitest';
import { formerRun, leftoverLines } from '../../cli/former.ts';
import { planOf } from '../run/fixture.ts';
import { folderWith } from './millrace.ts';

describe('an incarnation that was left behind', () => {
  const plan = planOf({ rows: 1, partitions: 1, tasks: 2 });
  const [sink] = plan.sinks;
  const tables = ['trades', 'bars'].map((table) => ({ ...sink, name: table, connector: 'clickhouse', params: { table } }));

  it('is known from the record beside the data', () => {
    expect(formerRun('market', { dataDir: folderWith({}) })).toBeNull();
    const dataDir = folderWith({ 'plans/market.json': JSON.stringify({ v: 1, plan: 'h', inc: 'old-1', tasks: 2, nodes: [] }) });
    expect(formerRun('market', { dataDir })?.inc).toBe('old-1');
  });

  it('leaves rows in tables, with the SQL that removes them', () => {
    const lines = leftoverLines({ ...plan, sinks: tables as typeof plan.sinks }, 'old-1');
    expect(lines[0]).toContain('tables trades, bars keep the rows of before');
    expect(lines.slice(1)).toEqual([
      "  ALTER TABLE trades DELETE WHERE startsWith(_src, 'old-1/')",
      "  ALTER TABLE bars DELETE WHERE startsWith(_src, 'old-1/')",
    ]);
    expect(leftoverLines({ ...plan, sinks: [] }, 'old-1')).toEqual([]);
  });
});
