import { constants, existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { damaged, writeError } from './errors.ts';
import { syncFolder } from './layout.ts';

/** Payloads start at multiples of this, so that Arrow buffers in them keep their alignment when they are read back in place. */
export const ALIGN_BYTES = 64;

const PADDING = Buffer.alloc(ALIGN_BYTES);
/** Buffers a single write takes at most (`IOV_MAX`). */
const MAX_BUFFERS = 1024;
const OPEN_FOR_READING = 64;

interface Reading {
  readonly file: Promise<FileHandle>;
  users: number;
  dropped: boolean;
}

/** Segment files: numbered, appended to at the end of the last one, deleted whole. */
export class Segments {
  readonly #dir: string;
  readonly #reading = new Map<number, Reading>();
  #writing: { id: number; file: FileHandle } | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Cuts off what is behind the last indexed byte, removes files the index does not know, and checks that the others are there. */
  recover(known: ReadonlyMap<number, number>): void {
    for (const name of readdirSync(this.#dir)) {
      const id = Number(/^(\d+)\.segment$/.exec(name)?.[1] ?? Number.NaN);
      if (!known.has(id)) rmSync(join(this.#dir, name));
    }
    for (const [id, bytes] of known) {
      const path = this.#path(id);
      const found = existsSync(path) ? statSync(path).size : 0;
      if (found < bytes) throw damaged(this.#dir, `segment ${id} holds ${found} bytes of ${bytes}`);
      if (found > bytes) truncateSync(path, bytes);
    }
  }

  /** Writes `payloads` at `position` of segment `id`, each padded to `ALIGN_BYTES`, and makes them durable. */
  async append(id: number, position: number, payloads: readonly Uint8Array[]): Promise<void> {
    try {
      const file = await this.#writer(id);
      let at = position;
      let buffers: Uint8Array[] = [];
      for (const payload of payloads) {
        buffers.push(payload);
        const over = payload.length % ALIGN_BYTES;
        if (over > 0) buffers.push(PADDING.subarray(over));
        if (buffers.length < MAX_BUFFERS - 1) continue;
        at += await writeAll(file, buffers, at);
        buffers = [];
      }
      await writeAll(file, buffers, at);
      await file.datasync();
    } catch (error) {
      await this.#cut(position);
      throw writeError(this.#dir, error);
    }
  }

  /** Bytes [from, to) of a segment in a buffer of its own. */
  async read(id: number, from: number, to: number): Promise<Uint8Array> {
    const reading = this.#reader(id);
    reading.users++;
    try {
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(to - from).buffer);
      const file = await reading.file;
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) throw damaged(this.#dir, `segment ${id} ends at ${from + done}, before ${to}`);
        done += bytesRead;
      }
      return bytes;
    } finally {
      reading.users--;
      if (reading.dropped && reading.users === 0) await closeReading(reading);
    }
  }

  /** Removes a segment; reads under way still end well. */
  async remove(id: number): Promise<void> {
    if (this.#writing?.id === id) await this.#stopWriting();
    await this.#drop(id);
    rmSync(this.#path(id), { force: true });
  }

  async close(): Promise<void> {
    await this.#stopWriting();
    for (const id of [...this.#reading.keys()]) await this.#drop(id);
  }

  #path(id: number): string {
    return join(this.#dir, `${String(id).padStart(10, '0')}.segment`);
  }

  async #writer(id: number): Promise<FileHandle> {
    if (this.#writing?.id === id) return this.#writing.file;
    await this.#stopWriting();
    const path = this.#path(id);
    const isNew = !existsSync(path);
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT);
    this.#writing = { id, file };
    if (isNew) syncFolder(this.#dir);
    return file;
  }

  /** Gives back the room that a failed append took; a tail that stays is overwritten by the next one. */
  async #cut(position: number): Promise<void> {
    if (this.#writing === null) return;
    try {
      await this.#writing.file.truncate(position);
    } catch (error) {
      throw writeError(this.#dir, error);
    }
  }

  async #stopWriting(): Promise<void> {
    const writing = this.#writing;
    this.#writing = null;
    await writing?.file.close();
  }

  #reader(id: number): Reading {
    const found = this.#reading.get(id);
    if (found) {
      this.#reading.delete(id);
      this.#reading.set(id, found); // the map's order is least recently used first
      return found;
    }
    const reading = { file: this.#open(id), users: 0, dropped: false };
    this.#reading.set(id, reading);
    for (const [other, { users }] of this.#reading) {
      if (this.#reading.size <= OPEN_FOR_READING) break;
      if (users === 0 && other !== id) void this.#drop(other);
    }
    return reading;
  }

  async #open(id: number): Promise<FileHandle> {
    try {
      return await open(this.#path(id), 'r');
    } catch (error) {
      this.#reading.delete(id);
      throw damaged(this.#dir, `segment ${id} cannot be opened`, error);
    }
  }

  async #drop(id: number): Promise<void> {
    const reading = this.#reading.get(id);
    if (!reading) return;
    this.#reading.delete(id);
    reading.dropped = true;
    if (reading.users === 0) await closeReading(reading);
  }
}

async function closeReading(reading: Reading): Promise<void> {
  await (await reading.file).close();
}

/** Writes all buffers from `position` on and returns how many bytes that were; a short write is carried on. */
async function writeAll(file: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<number> {
  let left = [...buffers];
  let at = position;
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    let whole = 0;
    while (whole < left.length && bytesWritten >= (left[whole]?.length ?? 0)) bytesWritten -= left[whole++]?.length ?? 0;
    left = left.slice(whole);
    if (bytesWritten > 0 && left[0]) left[0] = left[0].subarray(bytesWritten);
  }
  return at - position;
}
