import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { damaged } from './errors.ts';

/** What the store writes in front of each of its two meta pages (LMDB, `mdb.c`: `MDB_MAGIC`). */
const MAGIC = 0xbeefc0de;
const PAGE_HEADER_BYTES = 24;
const PAGE_SIZE_AT = PAGE_HEADER_BYTES + 24;
const LAST_PAGE_AT = PAGE_HEADER_BYTES + 120;
const TRANSACTION_AT = PAGE_HEADER_BYTES + 128;
const META_BYTES = TRANSACTION_AT + 8;

/** Refuses a store file that is no store or was cut short: the library maps it into memory and would crash. */
export function checkStoreFile(dir: string, path: string): void {
  if (!existsSync(path)) return;
  const { size } = statSync(path);
  if (size === 0) return; // made, and killed before the first write
  const first = metaAt(path, 0);
  const pageBytes = first?.pageBytes ?? 0;
  const second = pageBytes > 0 ? metaAt(path, pageBytes) : null;
  if (first === null || second === null) throw damaged(dir, 'its store is not one');
  const { lastPage } = first.transaction > second.transaction ? first : second;
  if (size < lastPage * pageBytes) throw damaged(dir, `its store was cut to ${size} bytes`);
}

function metaAt(path: string, position: number): { pageBytes: number; lastPage: number; transaction: bigint } | null {
  const bytes = Buffer.alloc(META_BYTES);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, bytes, 0, META_BYTES, position) < META_BYTES) return null;
  } finally {
    closeSync(file);
  }
  if (bytes.readUInt32LE(PAGE_HEADER_BYTES) !== MAGIC) return null;
  return {
    pageBytes: bytes.readUInt32LE(PAGE_SIZE_AT),
    lastPage: Number(bytes.readBigUInt64LE(LAST_PAGE_AT)),
    transaction: bytes.readBigUInt64LE(TRANSACTION_AT),
  };
}
