import { describe, expect, it } from 'vitest';
import type { Plan } from '../../graph/contract/plan.ts';
import { compileText, pipeline, planOf } from './compiling.ts';

const TRADES = 'format: json, schema: { ts_event: timestamp, venue: word, symbol: word, price: float64 }';
const exchanges = (plan: Plan) =>
  plan.outputs.filter(({ kind }) => kind === 'exchange').map(({ name, key, partitions }) => `${name} ${key.join('+')} ${partitions}`);

function withSource(source: string, operators: string, tasks = 4): string {
  return pipeline(
    `    tasks: ${tasks}\n    sources:\n${source}\n    operators:\n${operators}\n    sinks:\n      shown: { from: last, print: {} }\n`,
  );
}

const BARS = '      last: { use: bars, from: trades, with: { every: 1s } }';

describe('an exchange', () => {
  it('is put where a source without a key is grouped', () => {
    const plan = planOf(withSource(`      trades: { topic: trades, ${TRADES} }`, BARS));
    expect(exchanges(plan)).toEqual(['trades.out->last venue+symbol 4']);
    expect(plan.nodes[0]?.inputs[0]?.edges).toEqual([{ node: 'trades.out->last', port: 'out' }]);
    const input = plan.inputs.find(({ name }) => name === 'trades.out->last');
    expect(input).toMatchObject({
      from: { kind: 'exchange', topic: '_millrace.p.x.trades.out-last' },
      format: { name: 'arrow' },
      key: ['venue', 'symbol'],
      partitions: 4,
      time: { column: 'ts_event', latenessNs: 0n, idleNs: null },
    });
    expect(plan.topics).toContainEqual({
      topic: '_millrace.p.x.trades.out-last',
      partitions: 4,
      kind: 'exchange',
      retentionMs: 86_400_000,
    });
  });

  it.each([
    ['one task', `      trades: { topic: trades, ${TRADES} }`, 1],
    ['one partition', '      trades: { file: { path: trades.ndjson }, format: capture, key: symbol }', 4],
    ['a key that is part of the groups', `      trades: { topic: trades, ${TRADES}, key: symbol }`, 4],
    ['the key that is the groups', `      trades: { topic: trades, ${TRADES}, key: [symbol, venue] }`, 4],
    ['a broadcast source', `      trades: { topic: trades, ${TRADES}, broadcast: true }`, 4],
  ])('is not needed with %s', (_, source, tasks) => {
    const { diagnostics } = compileText(
      withSource(source, source.includes('capture') ? '      last: { use: total, from: trades, with: { by: [symbol] } }' : BARS, tasks),
    );
    const needed = diagnostics.filter(({ code }) => code === 'exchange-tasks');
    expect(needed).toEqual([]);
    if (diagnostics.every(({ severity }) => severity === 'warning')) {
      expect(
        exchanges(
          planOf(
            withSource(
              source,
              source.includes('capture') ? '      last: { use: total, from: trades, with: { by: [symbol] } }' : BARS,
              tasks,
            ),
          ),
        ),
      ).toEqual([]);
    } else expect(diagnostics.map(({ code }) => code)).toEqual(['broadcast-once']);
  });

  it('is needed where the key says more than the groups', () => {
    const operators = '      last: { use: total, from: trades, with: { by: [venue] } }';
    expect(exchanges(planOf(withSource(`      trades: { topic: trades, ${TRADES}, key: [venue, symbol] }`, operators)))).toEqual([
      'trades.out->last venue 4',
    ]);
  });

  it('brings all rows to one task where nothing is grouped by', () => {
    const operators = '      last: { use: total, from: trades }';
    expect(exchanges(planOf(withSource(`      trades: { topic: trades, ${TRADES}, key: symbol }`, operators)))).toEqual([
      'trades.out->last  1',
    ]);
  });

  it('is shared by nodes that need the same rows by the same key', () => {
    const operators =
      '      a: { use: bars, from: trades, with: { every: 1s } }\n      b: { use: bars, from: trades, with: { every: 1m } }\n      last: { use: pass, from: [a, b] }';
    expect(exchanges(planOf(withSource(`      trades: { topic: trades, ${TRADES} }`, operators)))).toEqual([
      'trades.out->a venue+symbol 4',
    ]);
  });

  it('brings to one task what is also read where it was recorded', () => {
    const source = `      trades: { topic: trades, ${TRADES}, key: symbol }`;
    const operators = `      guess: { use: forecast, from: trades, with: { model: m.onnx } }
      some: { use: filter, from: guess, with: { where: price > 1 } }
      last: { use: total, from: guess }`;
    const text = withSource(source, operators).replace('shown: {', 'kept: { from: some, print: {} }\n      shown: {');
    const { plans, diagnostics } = compileText(text, { disk: { '/work/m.onnx': 'twelve bytes' } });
    expect(diagnostics).toEqual([]);
    expect(exchanges(plans[0] as Plan)).toEqual(['guess.out->_record  4', 'guess.out->last  1']);
  });

  it('brings two inputs together that are spread by different rules', () => {
    const source = `      trades: { topic: trades, ${TRADES}, key: symbol }\n      made: { simulate: { partitions: 4 } }`;
    const operators = '      last: { use: join, from: { left: trades, right: made } }';
    expect(exchanges(planOf(withSource(source, operators)))).toEqual(['made.out->last.right symbol 4']);
  });

  it('is not needed for two topics by one key', () => {
    const source = `      trades: { topic: trades, ${TRADES}, key: symbol }\n      quotes: { topic: quotes, ${TRADES}, key: symbol }`;
    expect(exchanges(planOf(withSource(source, '      last: { use: join, from: { left: trades, right: quotes } }')))).toEqual([]);
  });

  it('brings single partitions to where keyed rows are', () => {
    const source = `      trades: { topic: trades, ${TRADES}, key: symbol }\n      made: { simulate: {} }`;
    expect(exchanges(planOf(withSource(source, '      last: { use: join, from: { left: trades, right: made } }')))).toEqual([
      'made.out->last.right symbol 4',
    ]);
  });

  it('leaves rows that every task has where they are', () => {
    const source = `      trades: { topic: trades, ${TRADES} }\n      news: { topic: news, format: json, schema: { ts_event: timestamp, price: float64 }, broadcast: true }`;
    expect(exchanges(planOf(withSource(source, '      last: { use: join, from: { left: trades, right: news } }')))).toEqual([
      'trades.out->last.left symbol 4',
    ]);
  });
});

describe('topics of the file', () => {
  const file = (partitions: string) => `version: 1
pipelines:
  reads:
    tasks: 4
    sources:
      ticks: { topic: ticks }
    operators:
      bars: { use: bars, from: ticks, with: { every: 1s } }
    sinks:
      shown: { from: bars, print: {} }
  writes:
    tasks: 4
    sources:
      trades: { simulate: { partitions: 4 } }
    sinks:
      ticks: { from: trades, topic: ticks${partitions} }
`;

  it('lend their schema, time, key and partitions to those who read them', () => {
    const [reads] = compileText(file('')).plans;
    expect(reads?.inputs[0]).toMatchObject({
      from: { kind: 'topic', topic: 'ticks' },
      key: ['symbol'],
      partitions: 4,
      time: { column: 'ts_event' },
    });
    expect(reads?.inputs[0]?.schema.fields.map(({ name }) => name)).toEqual(['ts_event', 'ts_recv', 'symbol', 'price', 'size']);
    expect(reads && exchanges(reads)).toEqual([]);
  });

  it('are read in place by several inputs only where the tasks divide their partitions', () => {
    const two = file(', partitions: 6').replace(
      'operators:',
      '  other: { topic: other, schema: { ts_event: timestamp, symbol: word }, key: symbol }\n    operators:',
    );
    const [reads] = compileText(
      two.replace('{ use: bars, from: ticks, with: { every: 1s } }', '{ use: join, from: { left: ticks, right: other } }'),
    ).plans;
    expect(reads && exchanges(reads)).toEqual(['ticks.out->bars.left symbol 4']);
  });
});
