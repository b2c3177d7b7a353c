import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readIfThere } from './disk.ts';

/** Bytes of the head and of the end of a file that it is recognised by. */
const MARK_BYTES = 64 * 1024;

const mark = z.object({ from: z.number(), bytes: z.number(), sha256: z.string() });
const memory = z.object({
  size: z.number(),
  mtimeMs: z.number(),
  head: mark,
  end: mark,
  /** When it was looked at, ISO 8601. */
  at: z.string(),
  /** Whether it had been read to its end by then. */
  ended: z.boolean(),
});

/** What is remembered of a file that was read. */
export type Memory = z.output<typeof memory>;

/** How a file stands to what is remembered of it: `grown` has more behind the same bytes. */
export type Verdict = 'same' | 'grown' | 'shrunk' | 'changed' | 'gone';

/** Remembers one file of one source from run to run, by its size, time of change, and hashes of its head and its end. */
export class FileMemory {
  readonly #path: string;
  readonly #record: string;

  /** `path` is absolute, `dataDir` the folder of local data; `owner` names pipeline and source. */
  constructor(path: string, dataDir: string, owner: string) {
    const hash = createHash('sha256').update(`${owner}\0${path}`).digest('hex').slice(0, 16);
    this.#path = path;
    this.#record = join(
      dataDir,
      'files',
      `${basename(path)
        .replace(/[^A-Za-z0-9.]+/g, '_')
        .slice(0, 80)}-${hash}.read`,
    );
  }

  /** What is remembered, null when that is nothing or was written only in part. */
  async recall(): Promise<Memory | null> {
    const text = await readIfThere(this.#record);
    if (text === null || !text.endsWith('}\n')) return null;
    return memory.safeParse(JSON.parse(text)).data ?? null;
  }

  /** Remembers the file as it is now. */
  async keep(ended: boolean): Promise<void> {
    const { size, mtimeMs } = await stat(this.#path);
    const bytes = Math.min(size, MARK_BYTES);
    const now: Memory = {
      size,
      mtimeMs,
      head: await this.#mark(0, bytes),
      end: await this.#mark(size - bytes, bytes),
      at: new Date().toISOString(),
      ended,
    };
    const temporary = `${this.#record}.${process.pid}.new`;
    await mkdir(dirname(this.#record), { recursive: true });
    await writeFile(temporary, `${JSON.stringify(now)}\n`);
    await rename(temporary, this.#record);
  }

  async forget(): Promise<void> {
    await rm(this.#record, { force: true });
  }

  /** Compares the file as it is with what is remembered; a file that was only touched is the same. */
  async compare({ size, mtimeMs, head, end }: Memory): Promise<Verdict> {
    const now = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (!now) return 'gone';
    if (now.size === size && now.mtimeMs === mtimeMs) return 'same';
    if (now.size < size) return 'shrunk';
    for (const { from, bytes, sha256 } of [head, end]) if ((await this.#mark(from, bytes)).sha256 !== sha256) return 'changed';
    return now.size > size ? 'grown' : 'same';
  }

  async #mark(from: number, bytes: number): Promise<z.output<typeof mark>> {
    const file = await open(this.#path);
    try {
      const buffer = Buffer.alloc(bytes);
      const { bytesRead } = await file.read(buffer, 0, bytes, from);
      return { from, bytes, sha256: createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex') };
    } finally {
      await file.close();
    }
  }
}
