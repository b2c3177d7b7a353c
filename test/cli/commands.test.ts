import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, run } from './millrace.ts';

const GOOD = `version: 1
pipelines:
  demo:
    tasks: 2
    sources:
      exchange: { simulate: { rows: 1000, symbols: 2 } }
    operators:
      large: { use: filter, from: exchange, with: { where: "price * size > 100" } }
    sinks:
      rows: { from: large, file: rows.ndjson }
`;
const BAD = GOOD.replace('use: filter', 'use: filtre').replace('from: large', 'from: huge');

describe('help', () => {
  it.each(['check', 'plan', 'run', 'status', 'sql', 'operators', 'schema', 'reset'])(
    'of %s has examples and ends with 0',
    async (command) => {
      const { code, stdout } = await run(folderWith({}), [command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Examples:\n  $ millrace ${command}`);
    },
  );

  it('is told to who knows no command or option, with 2', async () => {
    const folder = folderWith({});
    for (const args of [['runn'], ['run', '--forever'], ['plan', '--format', 'png'], []])
      expect((await run(folder, args)).code, args.join(' ')).toBe(2);
    expect((await run(folder, ['runn'])).stderr).toContain('Did you mean run?');
  });
});

describe('check', () => {
  it('ends with 0 on a file without faults', async () => {
    const { code, stdout } = await run(folderWith({ 'pipelines.yaml': GOOD }), ['check']);
    expect([code, stdout]).toEqual([0, 'pipelines.yaml: demo can run\n']);
  });

  it('prints all faults with their places and no colour, and ends with 1', async () => {
    const { code, stdout, stderr } = await run(folderWith({ 'pipelines.yaml': BAD }), ['check']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('error[operator-unknown]');
    expect(stderr).toContain('--> pipelines.yaml:8:21');
    expect(stderr).toContain('error[node-unknown]');
    expect(stderr.includes('\u001b')).toBe(false);
  });

  it('--json prints one document', async () => {
    const { code, stdout } = await run(folderWith({ 'pipelines.yaml': BAD }), ['check', '--json']);
    const { diagnostics } = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(diagnostics).toHaveLength(2);
    expect(diagnostics[0]).toEqual({
      severity: 'error',
      code: 'operator-unknown',
      message: expect.any(String),
      file: 'pipelines.yaml',
      line: 8,
      column: 21,
      hint: expect.stringContaining('filter'),
    });
  });

  it('says what to do where there is no file', async () => {
    const { code, stderr } = await run(folderWith({}), ['check']);
    expect(code).toBe(2);
    expect(stderr).toContain('error[file-missing]: there is no file pipelines.yaml');
    expect(stderr).toContain('--file');
  });
});

describe('plan', () => {
  it('shows the plan in three forms', async () => {
    const folder = folderWith({ 'pipelines.yaml': GOOD });
    expect((await run(folder, ['plan'])).stdout).toMatch(/^pipeline demo\n {2}2 tasks/);
    expect((await run(folder, ['plan', 'demo', '--format', 'mermaid'])).stdout).toMatch(/^(flowchart|graph) /m);
    const { plans } = JSON.parse((await run(folder, ['plan', '--json'])).stdout);
    expect(plans).toMatchObject([{ pipeline: 'demo', tasks: 2, delivery: 'exactly_once' }]);
  });

  it('knows its pipelines', async () => {
    const { code, stderr } = await run(folderWith({ 'pipelines.yaml': GOOD }), ['plan', 'nope']);
    expect(code).toBe(2);
    expect(stderr).toContain('it has: demo');
  });
});

describe('operators', () => {
  it('are listed and told from their declarations', async () => {
    const folder = folderWith({});
    expect((await run(folder, ['operators'])).stdout).toMatch(/^bars +Trades as bars/m);
    const { stdout } = await run(folder, ['operators', 'bars']);
    expect(stdout).toMatch(/^ {2}every +duration +required +/m);
    expect(stdout).toContain('my_bars: { use: bars, from: a_node, with: { every: <duration> } }');
    expect(JSON.parse((await run(folder, ['operators', 'filter', '--json'])).stdout)).toMatchObject({
      name: 'filter',
      determinism: 'exact',
    });
    expect((await run(folder, ['operators', 'nope'])).code).toBe(2);
  });
});

describe('schema', () => {
  it('is the one that lies in the repository', async () => {
    const { stdout } = await run(folderWith({}), ['schema']);
    expect(stdout).toBe(readFileSync(join(import.meta.dirname, '../../pipelines.schema.json'), 'utf8'));
  });
});

describe('reset', () => {
  it('deletes what is ours, after asking', async () => {
    const folder = folderWith({ '.millrace/log/x': 'x', '.millrace/notes.txt': 'mine' });
    const unasked = await run(folder, ['reset']);
    expect([unasked.code, existsSync(join(folder, '.millrace/log'))]).toEqual([2, true]);
    expect(unasked.stderr).toContain('--yes');
    expect((await run(folder, ['reset', '--yes'])).code).toBe(0);
    expect([existsSync(join(folder, '.millrace/log')), existsSync(join(folder, '.millrace/notes.txt'))]).toEqual([false, true]);
    expect((await run(folder, ['reset', '--yes'])).stderr).toContain('nothing to delete');
  });
});

describe('status', () => {
  it('says that nothing runs, with 5', async () => {
    const { code, stderr } = await run(folderWith({ 'pipelines.yaml': GOOD }), ['status']);
    expect(code).toBe(5);
    expect(stderr).toContain('error[not-running]');
  });
});
