import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PipelineView } from '../../graph/contract/view.ts';
import { type Exit, launch, type Server } from '../services/process.ts';
import { pause, view } from './process.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/millrace.cjs');
/** Exit codes of a process that is to be started again: it asks for it, or found no broker when it started. */
const AGAIN: readonly (number | null)[] = [75, 5];
/** Wait before a process that asked for it is started again, ms. */
const RESTART_MS = 500;

/** A worker of the pipeline: one `millrace run` after the other, with a name and a folder that stay. */
export class Worker {
  readonly name: string;
  readonly folder: string;
  readonly #named: boolean;
  readonly #log: string;
  #server: Server | null = null;
  #wanted = false;
  /** Ends of its processes that nobody asked for: codes, or signals that were not ours. */
  readonly faults: string[] = [];

  /** `named`: the process has a name in the cluster that stays over a restart. */
  constructor(root: string, name: string, text: string, named: boolean) {
    this.name = name;
    this.folder = join(root, name);
    this.#named = named;
    this.#log = join(root, `${name}.log`);
    mkdirSync(this.folder);
    writeFileSync(join(this.folder, 'pipelines.yaml'), text);
  }

  get isUp(): boolean {
    return this.#server?.ended() === false;
  }

  start(): void {
    this.#wanted = true;
    if (this.isUp) return;
    const { CLICKHOUSE_URL: _, MILLRACE_BROKER: __, MILLRACE_INSTANCE: ___, ...env } = process.env;
    const names = this.#named ? ['--instance', this.name] : [];
    const args = [LAUNCHER, 'run', '--file', join(this.folder, 'pipelines.yaml'), '--json', '--status-port', '0', ...names];
    const server = launch(process.execPath, args, this.#log, env);
    this.#server = server;
    void server.gone.then((exit) => this.#ended(server, exit));
  }

  /** Ends it at once; it stays down until it is started. */
  async kill(): Promise<void> {
    this.#wanted = false;
    await this.#server?.end('SIGKILL');
  }

  freeze(): void {
    this.#server?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#server?.signal('SIGCONT');
  }

  /** Ctrl-C; resolves with how it ended. */
  async leave(): Promise<Exit | null> {
    this.#wanted = false;
    this.#server?.signal('SIGINT');
    return (await this.#server?.gone) ?? null;
  }

  /** What its processes said. */
  said(): string {
    return readFileSync(this.#log, 'utf8');
  }

  view(): Promise<PipelineView | null> {
    return this.isUp ? view(this.folder) : Promise.resolve(null);
  }

  async #ended(server: Server, { code, signal }: Exit): Promise<void> {
    if (!this.#wanted || this.#server !== server) return;
    if (!AGAIN.includes(code)) this.faults.push(`${this.name} ended with ${code ?? signal}`);
    await pause(RESTART_MS);
    if (this.#wanted && this.#server === server) this.start();
  }
}
