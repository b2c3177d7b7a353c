/** How fields of a line are told apart. */
export interface Fielding {
  readonly delimiter: string;
  readonly quote: string;
}

/** The fields of a line, quoted as in RFC 4180; null when a quote is not closed, or text follows a closing one. */
export function fieldsOf(line: string, { delimiter, quote }: Fielding): readonly string[] | null {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    if (line[at] === quote) {
      let text = '';
      for (at++; ; at++) {
        if (at >= line.length) return null;
        if (line[at] !== quote) text += line[at];
        else if (line[at + 1] === quote) text += line[++at];
        else break;
      }
      at++;
      if (at < line.length && line[at] !== delimiter) return null;
      fields.push(text);
    } else {
      const end = line.indexOf(delimiter, at);
      fields.push(line.slice(at, end < 0 ? line.length : end));
      at = end < 0 ? line.length : end;
    }
    if (at >= line.length) return fields;
  }
}

/** The text of the first line of a file, without byte order mark and line end. */
export function lineOf(opening: Uint8Array): string {
  return Buffer.from(opening.buffer, opening.byteOffset, opening.byteLength)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/\r?\n$/, '');
}

/** The fields of a header that names every column, each once; null when the line is none. */
export function headerFields(opening: Uint8Array, columns: readonly string[], fielding: Fielding): readonly string[] | null {
  const fields = fieldsOf(lineOf(opening), fielding);
  const named = (column: string) => fields?.filter((field) => field === column).length === 1;
  return fields && columns.every(named) ? fields : null;
}

/**
 * The fields of a line that looks to be a header: it names one of the columns, whatever the case of letters, or consists of other words
 * than there are columns. Null for a line that may be a row.
 */
export function likelyHeader(opening: Uint8Array, columns: readonly string[], fielding: Fielding): readonly string[] | null {
  const fields = fieldsOf(lineOf(opening), fielding);
  if (!fields) return null;
  const lower = new Set(columns.map((column) => column.toLowerCase()));
  const words = fields.length !== columns.length && fields.every((field) => /^\p{L}[\p{L}\p{N}_ .()%/-]*$/u.test(field));
  return words || fields.some((field) => lower.has(field.toLowerCase())) ? fields : null;
}
