import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../graph/contract/error.ts';
import type { PlanSink } from '../../graph/contract/plan.ts';
import { Faults } from '../../graph/sink/faults.ts';
import { planOf } from './fixture.ts';

const [base] = planOf({ rows: 1, partitions: 1, tasks: 1 }).sinks;

function sink(name: string, connection: string | null): PlanSink {
  if (!base) throw new TypeError('the plan has a sink');
  return { ...base, name, connection: connection === null ? null : { name: connection, url: 'http://h', shown: 'http://h', options: {} } };
}

const gone = (message = 'nobody answers'): MillraceError =>
  new MillraceError(message, { code: 'gone', domain: 'external', retry: 'backoff', remedy: 'start it' });

describe('faults of sinks', () => {
  it('are said once a system, and its end once for all it failed', () => {
    const notes: string[] = [];
    const faults = new Faults((line) => notes.push(line));
    const [a, b, c] = [sink('a', 'clickhouse'), sink('b', 'clickhouse'), sink('c', 'questdb')];
    for (const one of [a, b, c]) faults.met(one, gone());
    expect(notes).toEqual(['a: nobody answers (start it); trying again', 'c: nobody answers (start it); trying again']);
    faults.over(a);
    expect(notes).toHaveLength(2);
    faults.met(a, gone('it is full'));
    faults.over(b);
    faults.over(a);
    faults.over(c);
    expect(notes.slice(2)).toEqual(['a: it is full (start it); trying again', 'a, b: write again', 'c: writes again']);
    faults.met(b, gone());
    faults.over(b);
    expect(notes.slice(5)).toEqual(['b: nobody answers (start it); trying again', 'b: writes again']);
  });

  it('are each said where there is no connection, and where they differ', () => {
    const notes: string[] = [];
    const faults = new Faults((line) => notes.push(line));
    for (const one of [sink('a', null), sink('b', null)]) faults.met(one, gone());
    const wrong = (table: string): MillraceError => new MillraceError(`no column in ${table}`, { code: 'column', domain: 'user' });
    for (const [name, table] of ['cx', 'dy', 'ey'] as const) faults.met(sink(name ?? '', 'clickhouse'), wrong(table ?? ''));
    expect(notes).toEqual([
      'a: nobody answers (start it); trying again',
      'b: nobody answers (start it); trying again',
      'c: no column in x',
      'd: no column in y',
    ]);
  });
});
