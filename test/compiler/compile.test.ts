// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in a pipeline file

import { describe, expect, it } from 'vitest';
import { compileText, pipeline, planOf } from './compiling.ts';

const codes = (text: string, options: Parameters<typeof compileText>[1] = {}) =>
  compileText(text, options).diagnostics.map(({ code, line }) => `${line} ${code}`);

describe('faults', () => {
  it('are all found at once, in the order of the file, one a cause', () => {
    const text = pipeline(`
    tasks: many
    sources:
      trades: { simulate: { partitons: 4 } }
      quotes: { simulate: {}, time: nothing }
    operators:
      a: { use: filter, from: trades, with: { where: "nothing > 1" } }
      b: { use: pass, from: a }
      c: { use: bars, from: quotes, with: { every: 1s, price: nothing } }
      d: { use: flter, from: b }
      e: { use: filter, from: d, with: { where: "x > 1" } }
    sinks:
      one: { from: e, print: {} }
      two: { from: c, clickhouse: { tabel: c } }
      three: { from: b, topic: t, key: nothing }
`);
    expect(codes(text)).toEqual([
      '4 value-type',
      '6 param-unknown',
      '7 time-absent',
      '9 column-unknown',
      '12 operator-unknown',
      '16 param-unknown',
    ]);
  });

  it('keep every plan back, and still name the pipelines', () => {
    const { plans, pipelines } = compileText(
      `${pipeline('    sources:\n      a: { simulate: {} }\n    sinks:\n      s: { from: a, print: {} }')}  q: { sources: { b: { nothing: {} } } }\n`,
    );
    expect(plans).toEqual([]);
    expect(pipelines).toEqual(['p', 'q']);
  });

  it('of a topic whose sink has a fault are said once', () => {
    const text = pipeline(`
    sources:
      trades: { simulate: {} }
      again: { topic: ticks }
    sinks:
      ticks: { from: trades, topic: ticks, colour: red }
      shown: { from: again, print: {} }
`);
    expect(codes(text)).toEqual(['8 key-unknown']);
  });

  it('point into an expression, or at the whole of it where its letters do not stand in the file', () => {
    const column = (where: string) =>
      compileText(
        pipeline(
          `    sources:\n      trades: { simulate: {} }\n    operators:\n      a: { use: filter, from: trades, with: { where: ${where} } }\n    sinks:\n      s: { from: a, print: {} }`,
        ),
      ).diagnostics.map((d) => [d.column, d.length]);
    expect(column('"prise > 1"')).toEqual([[55, 5]]);
    expect(column("'  prise > 1'")).toEqual([[57, 5]]);
    expect(column('prise > 1')).toEqual([[54, 5]]);
    expect(column('"\\x70rise > 1"')).toEqual([[54, 14]]);
    expect(column('"${A:-prise} > 1"')).toEqual([[54, 17]]);
  });
});

describe('connections', () => {
  const file = (connections: string) =>
    `version: 1\nconnections: ${connections}\n${pipeline('    sources:\n      a: { simulate: {} }\n    sinks:\n      s: { from: a, clickhouse: t }\n      hot: { from: a, questdb: t, optional: true }').split('\n').slice(1).join('\n')}`;

  it('are embedded by default, where there is such a thing', () => {
    const { connections } = compileText(pipeline('    sources:\n      a: { simulate: {} }'));
    expect([...connections.values()].map(({ name, url }) => [name, url])).toEqual([
      ['broker', 'embedded'],
      ['clickhouse', 'embedded'],
    ]);
  });

  it('come from the environment, an override before the file', () => {
    const text = file('{ broker: "${BROKER:-embedded}", questdb: "${QUESTDB:-}" }');
    expect(compileText(text).connections.get('broker')?.url).toBe('embedded');
    expect(compileText(text, { env: { BROKER: 'kafka://a:1,b:2' } }).connections.get('broker')?.url).toBe('kafka://a:1,b:2');
    expect(compileText(text, { connections: { broker: 'kafka://c:3' } }).connections.get('broker')?.url).toBe('kafka://c:3');
  });

  it('without an address leave an optional sink out, with a warning', () => {
    const { plans, diagnostics } = compileText(file('{ questdb: "${QUESTDB:-}" }'));
    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'sink-skipped' }]);
    expect(plans[0]?.skipped).toEqual([{ sink: 'hot', reason: 'connection "questdb" has no address' }]);
    expect(planOf(file('{ questdb: "${QUESTDB:-}" }'), { env: { QUESTDB: 'http://host:9000' } }).sinks.map(({ name }) => name)).toContain(
      'hot',
    );
  });

  it('never show a password', () => {
    const env = { URL: 'http://me:hunter2@host:8123/db?password=hunter2' };
    const { plans, diagnostics } = compileText(file('{ clickhouse: { url: "${URL}", options: { max_open_connections: 4 } } }'), { env });
    expect(plans[0]?.sinks[0]?.connection).toMatchObject({
      url: env.URL,
      shown: 'http://me:***@host:8123/db?password=***',
      options: { max_open_connections: 4 },
    });
    expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
    expect(JSON.stringify(compileText(file('"${URL}"'), { env }).diagnostics)).not.toContain('hunter2');
    expect(
      JSON.stringify(compileText(file('{ clickhouse: "${URL}" }'), { env: { URL: 'ftp://me:hunter2@host' } }).diagnostics),
    ).not.toContain('hunter2');
  });
});

describe('paths', () => {
  const reading = (path: string) =>
    pipeline(`    sources:\n      a: { file: "${path}", format: capture }\n    sinks:\n      s: { from: a, print: {} }`);
  const disk = { '/data/x.ndjson': '', '/work/deep/x.ndjson': '', '/elsewhere/x.ndjson': '', '/work-other/x.ndjson': '' };

  it.each([
    ['deep/x.ndjson', []],
    ['deep/../deep/x.ndjson', []],
    ['/data/x.ndjson', []],
    ['${MILLRACE_DATA}/x.ndjson', []],
    ['/data/*.ndjson', []],
    ['deep/nothing.ndjson', ['5 file-missing']],
    ['nowhere/*.ndjson', ['5 file-missing']],
    ['/elsewhere/x.ndjson', ['5 path-outside']],
    ['../work-other/x.ndjson', ['5 path-outside']],
    ['/data/../elsewhere/x.ndjson', ['5 path-outside']],
    ['x\\0y', ['5 path-outside']],
  ])('%s', (path, expected) => {
    expect(codes(reading(path), { disk, env: { MILLRACE_DATA: '/data' } })).toEqual(expected);
  });

  it('may be allowed by name', () => {
    expect(codes(reading('/elsewhere/x.ndjson'), { disk, allowPaths: ['/elsewhere'] })).toEqual([]);
  });

  it('may be allowed for reading alone', () => {
    const options = { disk, readPaths: ['/elsewhere'] };
    expect(codes(reading('/elsewhere/x.ndjson'), options)).toEqual([]);
    const writing = pipeline(
      '    sources:\n      a: { simulate: {} }\n    sinks:\n      s: { from: a, file: { path: /elsewhere/out.csv } }',
    );
    expect(codes(writing, options)).toEqual(['7 path-outside']);
    expect(codes(writing, { disk, allowPaths: ['/elsewhere'] })).toEqual([]);
  });

  it('of operators are handed on as absolute ones', () => {
    const text = pipeline(
      '    sources:\n      a: { simulate: {} }\n    operators:\n      l: { use: lookup, from: a, with: { table: labels.csv } }\n    sinks:\n      s: { from: l, print: {} }',
    );
    expect(planOf(text).nodes[0]?.files).toEqual({ 'labels.csv': '/work/labels.csv' });
  });
});

describe('sources', () => {
  const source = (keys: string) => pipeline(`    sources:\n      a: { ${keys} }\n    sinks:\n      s: { from: a, print: {} }`);
  const input = (keys: string) => planOf(source(keys)).inputs[0];

  it('take their time from the file, their connector, or the dictionary of columns', () => {
    expect(input('simulate: {}')?.time).toEqual({ column: 'ts_event', latenessNs: 0n, idleNs: 5_000_000_000n });
    expect(input('simulate: {}, time: ts_recv')?.time?.column).toBe('ts_recv');
    expect(input('simulate: {}, time: { column: ts_event, lateness: 250ms, idle: 1m }')?.time).toEqual({
      column: 'ts_event',
      latenessNs: 250_000_000n,
      idleNs: 60_000_000_000n,
    });
    expect(input('simulate: {}, time: { column: ts_event, idle: never }')?.time?.idleNs).toBeNull();
    expect(input('file: trades.ndjson, format: capture')?.time?.column).toBe('ts_recv');
    expect(input('topic: t, format: json, schema: { price: float64 }')?.time).toBeNull();
    expect(input('simulate: {}, watermark: none')?.time).toBeNull();
  });

  it('may be keyed by a column that only comes out of their payload', () => {
    expect(input('file: trades.ndjson, format: capture, key: symbol')?.key).toEqual(['symbol']);
  });

  it('start where the file says', () => {
    expect(input('simulate: {}')?.start).toBe('earliest');
    expect(input('simulate: {}, start: 2024-08-08T23:54:15.25Z')?.start).toEqual({ instantNs: 1_723_161_255_250_000_000n });
  });

  it('take their schema from a file', () => {
    expect(input('topic: t, format: json, schema: { file: trade.json }')?.schema.fields.map(({ name }) => name)).toEqual([
      'ts_event',
      'price',
    ]);
  });

  it('take options of their format', () => {
    expect(input('topic: t, format: { json: { strict: true } }, schema: { price: float64 }')?.format).toEqual({
      name: 'json',
      params: { strict: true },
    });
  });
});

describe('feedback through a topic', () => {
  const text = pipeline(`
    sources:
      orders: { simulate: {} }
      fills: { topic: fills, watermark: none, schema: { ts_event: timestamp, ts_recv: timestamp, symbol: word, price: float64, size: float64 } }
    operators:
      checked: { use: pass, from: [orders, fills], order: arrival }
    sinks:
      back: { from: checked, topic: fills }
`);

  it('is planned where the source has a schema and no watermark', () => {
    expect(planOf(text).nodes.map(({ name }) => name)).toEqual(['checked']);
  });

  it('is planned without a schema where its operator always gives the same columns', () => {
    const plan = planOf(
      pipeline(`
    sources:
      back: { topic: prices, watermark: none }
    operators:
      prices: { use: untimed, from: back }
    sinks:
      again: { from: prices, topic: prices, key: symbol }
`),
    );
    expect(plan.inputs.map(({ name, key, time }) => [name, key, time])).toEqual([['back', ['symbol'], null]]);
    expect(plan.inputs[0]?.schema.fields.map(({ name }) => name)).toEqual(['symbol', 'price']);
  });

  it('needs both', () => {
    expect(codes(text.replace(', watermark: none', ''))).toEqual(['6 feedback-watermark']);
    expect(codes(text.replace(/, schema: .* }/, ' }'))).toEqual(['6 schema-unknown']);
  });
});

describe('rejected rows', () => {
  const text = (more: string, settings = '') =>
    pipeline(
      `${settings}    sources:\n      raw: { topic: raw, format: json, schema: { ts_event: timestamp, symbol: word, price: float64 } }\n    operators:\n      a: { use: filter, from: raw, with: { where: "price > 0" } }\n    sinks:\n${more}`,
    );
  const letters = (file: string) => planOf(file).outputs.find(({ kind }) => kind === 'rejected');

  it('of nodes and of decoding sources end in one topic', () => {
    const output = letters(text('      s: { from: a, print: {} }'));
    expect(output).toMatchObject({
      topic: '_millrace.p.rejected',
      partitions: 1,
      format: { name: 'arrow' },
      from: [
        { node: 'raw', port: 'rejected' },
        { node: 'a', port: 'rejected' },
      ],
    });
  });

  it('that somebody reads are not among them', () => {
    expect(letters(text('      s: { from: a, print: {} }\n      r: { from: a.rejected, print: {} }'))?.from).toEqual([
      { node: 'raw', port: 'rejected' },
    ]);
  });

  it('reach a table only where the pipeline has tables, and the topic of the file', () => {
    expect(planOf(text('      s: { from: a, print: {} }')).sinks.map(({ name }) => name)).toEqual(['s']);
    const plan = planOf(text('      s: { from: a, clickhouse: t }', '    dead_letters: { topic: bad }\n'));
    expect(plan.sinks.at(-1)).toMatchObject({ name: 'dead_letters', connector: 'clickhouse', params: { table: 'rejected' }, topic: 'bad' });
  });
});
