const BACKSLASH = 92;

/** 1 for bytes that a backslash goes before: in names and symbols, and between double quotes. Source: ILP reference, "special characters". */
const inNames = marked(' ,=\n\r\\');
const inQuotes = marked('"\n\r\\');

function marked(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
}

/** How text is written: bare as names and symbols, or between double quotes. */
export type Style = 'bare' | 'quoted';

const TABLES = { bare: inNames, quoted: inQuotes } as const;

/** Bytes that bytes [from, to) of UTF-8 take once escaped. */
export function sizeOfEscaped(text: Uint8Array, from: number, to: number, style: Style): number {
  const table = TABLES[style];
  let size = to - from;
  for (let i = from; i < to; i++) size += table[text[i] as number] as number;
  return size;
}

/** Writes them at `at` and gives where they end. */
export function writeEscaped(bytes: Uint8Array, at: number, text: Uint8Array, from: number, to: number, style: Style): number {
  const table = TABLES[style];
  let end = at;
  for (let i = from; i < to; i++) {
    const byte = text[i] as number;
    if (table[byte] === 1) bytes[end++] = BACKSLASH;
    bytes[end++] = byte;
  }
  return end;
}

/** A table or column name as it is written. */
export function escapedName(name: string): Uint8Array {
  const text = Buffer.from(name, 'utf8');
  const bytes = new Uint8Array(sizeOfEscaped(text, 0, text.length, 'bare'));
  writeEscaped(bytes, 0, text, 0, text.length, 'bare');
  return bytes;
}
