import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { pause, view } from '../crash/process.ts';
import { kafkaMissing, startKafka } from '../services/kafka.ts';
import { launch } from '../services/process.ts';
import { describeWith } from '../services/suite.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/millrace.cjs');
const pipeline = (bootstrap: string): string => `version: 1
connections: { broker: "kafka://${bootstrap}" }
pipelines:
  gone:
    sources: { exchange: { simulate: { symbols: 4, rate: 500 } } }
    sinks: { trades: { from: exchange, topic: gone.trades } }
`;

describeWith('a run whose broker is gone', [kafkaMissing()], () => {
  it('ends at Ctrl-C though a call of the client hangs, and asks to be started again', { timeout: 150_000 }, async () => {
    const kafka = await startKafka();
    onTestFinished(() => kafka.close());
    const folder = mkdtempSync(join(tmpdir(), 'millrace-gone-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    writeFileSync(join(folder, 'pipelines.yaml'), pipeline(kafka.bootstrap));
    const log = join(folder, 'run.log');
    const run = launch(process.execPath, [LAUNCHER, 'run', '--file', join(folder, 'pipelines.yaml'), '--status-port', '0'], log);
    onTestFinished(() => run.end('SIGKILL'));
    while (((await view(folder))?.epochs ?? 0) < 3) {
      expect(run.ended(), readFileSync(log, 'utf8')).toBe(false);
      await pause(100);
    }
    await kafka.kill();
    run.signal('SIGINT');
    expect(await run.gone, readFileSync(log, 'utf8')).toEqual({ code: 75, signal: null });
    expect(readFileSync(log, 'utf8')).toContain('ending with 75, to be started again');
  });
});
