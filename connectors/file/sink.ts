import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type RecordBatch, Schema } from 'apache-arrow';
import { batchOfData } from '../../graph/contract/batch.ts';
import { LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block, BlockRange, SinkWriter } from '../../graph/contract/connector.ts';
import { concatBatches } from '../formats/arrow-concat.ts';
import { blocksOf } from './blocks.ts';
import { isThere, readIfThere, syncFolder, withoutEnd, writeError } from './disk.ts';
import { type Layout, layoutOf } from './layout.ts';
import type { FileSinkParams } from './params.ts';

/** Digits of a sequence number in the name of a part, so that names sort as numbers. */
const DIGITS = 19;

/**
 * Writes a file whole or not at all: every block is a part in a hidden folder beside it, durable and named by what it holds; when the
 * input has ended the parts are put together, by partition and sequence, under the final name. Parts of another incarnation are old.
 * A run that goes on after the end adds to the file it finished before.
 */
export class FileWriter implements SinkWriter {
  readonly #path: string;
  readonly #parts: string;
  readonly #gzip: boolean;
  readonly #columns: number;
  readonly #schema: Schema;
  readonly #layout: Layout;
  /** Names the incarnation that the file was last finished by. */
  readonly #finished: string;

  /** `path` is absolute, `dataDir` the folder of local data; `schema` may have the lineage columns at its end. */
  constructor(path: string, dataDir: string, schema: Schema, params: FileSinkParams) {
    const fields = schema.fields.filter((field) => !LINEAGE_FIELDS.some((lineage) => lineage.name === field.name));
    this.#path = path;
    this.#parts = join(dirname(path), `.${basename(path)}.parts`);
    this.#finished = join(dataDir, 'files', `${name(path)}.finished`);
    this.#gzip = path.endsWith('.gz');
    this.#columns = fields.length;
    this.#schema = new Schema(params.lineage ? [...fields, ...LINEAGE_FIELDS] : fields);
    this.#layout = layoutOf(this.#schema, params.format);
  }

  async ensure(): Promise<void> {
    try {
      await mkdir(this.#parts, { recursive: true });
    } catch (error) {
      throw writeError(error, this.#path);
    }
  }

  async write(block: Block): Promise<void> {
    const { folder, file } = this.#place(block);
    try {
      await this.#startIncarnation(folder);
      const bytes = this.#layout.part(this.#shown(block));
      const temporary = `${file}.new`;
      const part = await open(temporary, 'w');
      try {
        await part.writeFile(bytes);
        await part.sync();
      } finally {
        await part.close();
      }
      await rename(temporary, file);
      await syncFolder(folder);
    } catch (error) {
      throw writeError(error, this.#path);
    }
  }

  async has(range: BlockRange): Promise<'none' | 'all'> {
    try {
      return (await isThere(this.#place(range).file)) ? 'all' : 'none';
    } catch (error) {
      throw writeError(error, this.#path);
    }
  }

  async remove(range: BlockRange): Promise<void> {
    await rm(this.#place(range).file, { force: true });
  }

  async finish(): Promise<void> {
    const temporary = `${this.#path}.${process.pid}.new`;
    try {
      const [incarnation] = (await isThere(this.#parts)) ? await readdir(this.#parts) : []; // finished by another process meanwhile
      const before = await readIfThere(this.#finished);
      if (incarnation === undefined && before !== null) return;
      const folder = join(this.#parts, incarnation ?? '');
      const names = incarnation === undefined ? [] : (await readdir(folder)).filter((part) => part.endsWith('.part')).sort();
      const goesOn = before !== null && before === incarnation && (await isThere(this.#path));
      const content = Readable.from(
        this.#content(
          names.map((part) => join(folder, part)),
          goesOn,
        ),
        { objectMode: false },
      );
      const file = createWriteStream(temporary, { flush: true });
      if (this.#gzip) await pipeline(content, createGzip(), file);
      else await pipeline(content, file);
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
      await mkdir(dirname(this.#finished), { recursive: true });
      await writeFile(this.#finished, incarnation ?? '');
      await rm(this.#parts, { recursive: true, force: true });
    } catch (error) {
      await rm(temporary, { force: true });
      throw writeError(error, this.#path);
    }
  }

  async close(): Promise<void> {}

  async *#content(parts: readonly string[], goesOn: boolean): AsyncGenerator<Uint8Array> {
    if (goesOn) yield* withoutEnd(blocksOf(this.#path), this.#layout.after.length);
    else yield this.#layout.before;
    for (const part of parts) yield* blocksOf(part);
    yield this.#layout.after;
  }

  /** The rows of a block with the columns that are written. */
  #shown(block: Block): RecordBatch {
    const [first] = block.batches;
    if (!first) return batchOfData(this.#schema, 0, []);
    const whole = concatBatches(first.schema, block.batches);
    const lineage = this.#schema.fields.length > this.#columns;
    return batchOfData(this.#schema, whole.numRows, lineage ? whole.data.children : whole.data.children.slice(0, this.#columns));
  }

  #place({ src, fromSeq, toSeq }: BlockRange): { readonly folder: string; readonly file: string } {
    const cut = src.indexOf('/');
    const folder = join(this.#parts, name(src.slice(0, cut)));
    return { folder, file: join(folder, `${name(src.slice(cut + 1))}-${digits(fromSeq)}-${digits(toSeq)}.part`) };
  }

  async #startIncarnation(folder: string): Promise<void> {
    if ((await mkdir(folder, { recursive: true })) === undefined) return;
    for (const other of await readdir(this.#parts)) {
      if (other !== basename(folder)) await rm(join(this.#parts, other), { recursive: true, force: true });
    }
  }
}

const digits = (sequence: bigint): string => String(sequence).padStart(DIGITS, '0');

/** A name for a file: what is no letter or digit is left out, and made up for by a hash; numbers at the end sort as numbers. */
function name(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const number = /\/(\d+)$/.exec(text)?.[1];
  const readable = text
    .replace(/\/\d+$/, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .slice(0, 80);
  return number === undefined ? `${readable}-${hash}` : `${readable}-${number.padStart(6, '0')}-${hash}`;
}
