import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateKey } from '../../graph/contract/log.ts';
import { broken, systemCode, writeError } from './errors.ts';
import { syncFolder } from './layout.ts';

/** Chunk lengths of every node, in the order of the bytes behind the head. */
type Head = readonly (readonly [node: string, lengths: readonly number[]])[];

const ALIGN = 8;
const PADDING = Buffer.alloc(ALIGN);

/** Snapshots, a file each: length of the head (u32), the head as JSON, then the chunks, each padded to 8 bytes. */
export class StateFiles {
  readonly #dir: string;
  #bytes = 0;

  constructor(dir: string) {
    this.#dir = dir;
    for (const name of readdirSync(dir)) {
      if (name.endsWith('.state')) this.#bytes += statSync(join(dir, name)).size;
      else rmSync(join(dir, name)); // left by a writer that was killed
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a snapshot and returns its reference: its file name, which holds the checksum. Durable when it resolves. */
  async put({ pipeline, task, inc, epoch }: StateKey, chunks: ReadonlyMap<string, readonly Uint8Array[]>): Promise<string> {
    const head: Head = [...chunks].map(([node, parts]) => [node, parts.map((part) => part.length)]);
    const buffers = [...framed(head), ...[...chunks.values()].flat().flatMap(padded)];
    const hash = createHash('sha256');
    for (const buffer of buffers) hash.update(buffer);
    const reference = `${prefixOf(pipeline, task)}${encodeURIComponent(inc)}~${epoch}~${hash.digest('hex')}.state`;
    const path = join(this.#dir, reference);
    const own = `${path}.new`;
    try {
      const file = await open(own, 'w');
      try {
        for (const buffer of buffers) await file.writeFile(buffer);
        await file.sync();
      } finally {
        await file.close();
      }
      const replaced = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      renameSync(own, path);
      syncFolder(this.#dir);
      this.#bytes += statSync(path).size - replaced;
    } catch (error) {
      rmSync(own, { force: true });
      throw writeError(this.#dir, error);
    }
    return reference;
  }

  /** The snapshot, or null when it is missing or its bytes are not those that were written. */
  get(pipeline: string, task: number, reference: string): ReadonlyMap<string, readonly Uint8Array[]> | null {
    const match = /^[^/\\]*~([0-9a-f]{64})\.state$/.exec(reference);
    if (!match || !reference.startsWith(prefixOf(pipeline, task)))
      throw broken(`"${reference}" is not a snapshot of task ${task} of ${pipeline}`);
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(this.#dir, reference));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
    if (createHash('sha256').update(bytes).digest('hex') !== match[1]) return null;
    const headBytes = bytes.readUInt32LE(0);
    const head: Head = JSON.parse(bytes.toString('utf8', 4, 4 + headBytes));
    let at = roundUp(4 + headBytes);
    return new Map(
      head.map(([node, lengths]) => [
        node,
        lengths.map((length) => {
          const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
          at += roundUp(length);
          return chunk;
        }),
      ]),
    );
  }

  /** Removes the snapshots of a task that no recovery will ask for: not in `kept` and of another incarnation or before `epoch`. */
  trim(pipeline: string, task: number, inc: string, epoch: number, kept: readonly string[]): void {
    const prefix = prefixOf(pipeline, task);
    for (const name of readdirSync(this.#dir)) {
      if (!name.startsWith(prefix) || !name.endsWith('.state') || kept.includes(name)) continue;
      const [ofInc, ofEpoch] = name.slice(prefix.length).split('~');
      if (ofInc === encodeURIComponent(inc) && Number(ofEpoch) >= epoch) continue;
      const path = join(this.#dir, name);
      this.#bytes -= statSync(path).size;
      rmSync(path);
    }
  }
}

function prefixOf(pipeline: string, task: number): string {
  return `${encodeURIComponent(pipeline)}~${task}~`;
}

function framed(head: Head): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return padded(Buffer.concat([length, json]));
}

function padded(part: Uint8Array): Uint8Array[] {
  const over = part.length % ALIGN;
  return over === 0 ? [part] : [part, PADDING.subarray(over)];
}

function roundUp(length: number): number {
  return Math.ceil(length / ALIGN) * ALIGN;
}
