import { FeedFault } from './fault.ts';

/** Told of a document in its order. */
export interface XmlHandler {
  /** Names as they are written, in lower case. */
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  text(text: string): void;
  close(): void;
}

const MOST_DEPTH = 200;
const NAME = /[^\s/>=<"'!?][^\s/>=<"']*/y;
const ATTRIBUTE = /\s+([^\s/>=<"']+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const END = /\s*(\/?)>/y;
const CLOSE = /<\/([^\s/>=<"']+)\s*>/y;
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** Entities of XML and numbers of characters; what else looks like one stays as it is, since none can be declared. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(ENTITY, (_, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? '';
    const code = decimal === undefined ? Number.parseInt(hex ?? '0', 16) : Number(decimal);
    const control = code < 32 && code !== 9 && code !== 10 && code !== 13;
    return control || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
  });
}

/**
 * Reads the elements of an XML document, in one pass and time in proportion to its length. Declarations of entities are refused: a document
 * type with a subset of its own is no feed. Throws a `FeedFault` with code `feed-malformed` where it is not well-formed.
 */
export function readXml(document: string, handler: XmlHandler): void {
  const open: string[] = [];
  const fault = (what: string, at: number): FeedFault => new FeedFault('feed-malformed', `${what} at character ${at}`);
  const after = (mark: string, from: number, what: string): number => {
    const end = document.indexOf(mark, from);
    if (end < 0) throw fault(`${what} without an end`, from);
    return end + mark.length;
  };
  const match = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(document);
  };
  const element = (at: number): number => {
    const name = match(NAME, at + 1)?.[0].toLowerCase();
    if (name === undefined) throw fault('a "<" that begins nothing', at);
    const attributes = new Map<string, string>();
    let next = NAME.lastIndex;
    for (let found = match(ATTRIBUTE, next); found; found = match(ATTRIBUTE, next)) {
      attributes.set((found[1] ?? '').toLowerCase(), unescaped(found[2] ?? found[3] ?? ''));
      next = ATTRIBUTE.lastIndex;
    }
    const end = match(END, next);
    if (!end) throw fault(`element "${name.slice(0, 40)}" that does not end`, at);
    if (open.length >= MOST_DEPTH) throw fault(`elements more than ${MOST_DEPTH} deep`, at);
    handler.open(name, attributes);
    if (end[1] === '/') handler.close();
    else open.push(name);
    return END.lastIndex;
  };
  const closing = (at: number): number => {
    const found = match(CLOSE, at);
    if (!found || found[1]?.toLowerCase() !== open.pop()) throw fault('an end of an element that is not open', at);
    handler.close();
    return CLOSE.lastIndex;
  };
  const doctype = (at: number): number => {
    const end = after('>', at, 'a document type');
    if (document.slice(at, end).includes('[')) throw new FeedFault('feed-malformed', 'it declares a document type of its own');
    return end;
  };

  let at = document.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < document.length) {
    const tag = document.indexOf('<', at);
    const text = document.slice(at, tag < 0 ? document.length : tag);
    if (open.length > 0) handler.text(unescaped(text));
    else if (text.trim() !== '') throw fault('text outside of all elements', at);
    if (tag < 0) break;
    if (document.startsWith('<![CDATA[', tag)) {
      at = after(']]>', tag, 'a CDATA section');
      if (open.length > 0) handler.text(document.slice(tag + 9, at - 3));
    } else if (document.startsWith('<!--', tag)) at = after('-->', tag + 4, 'a comment');
    else if (document.startsWith('<?', tag)) at = after('?>', tag, 'an instruction');
    else if (document.startsWith('<!', tag)) at = doctype(tag);
    else at = document.startsWith('</', tag) ? closing(tag) : element(tag);
  }
  if (open.length > 0) throw fault(`element "${(open.at(-1) ?? '').slice(0, 40)}" without an end`, document.length);
}
