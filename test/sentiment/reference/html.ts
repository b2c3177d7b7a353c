/** `native/text/src/html` for HTML that is well formed: no quote, tag or comment is left open. */

const INLINE = /^(a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u)$/i;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  euro: '€',
  eacute: 'é',
};

/** Text of HTML, white space single. */
export function textOf(html: string): string {
  const bare = html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style|template|noscript)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<\/?([a-z][a-z0-9]*)(?:"[^"]*"|'[^']*'|[^>"'])*>/gi, (_tag, name: string) => (INLINE.test(name) ? '' : ' '));
  return spaced(bare.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, decoded));
}

function decoded(whole: string, hex?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return NAMED[name] ?? whole;
  return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
}

/** White space and control characters single, none at the ends; what cannot be seen is dropped. */
export function spaced(text: string): string {
  return text.replace(/[\u00ad\u200b\u2060\ufeff]/g, '').replace(/[\p{White_Space}\p{Cc}]+/gu, ' ').replace(/^ | $/g, ''); // biome-ignore format: one step
}
