import { type CST, Lexer, type LineCounter, Parser } from 'yaml';
import type { Say } from '../diagnostics/report.ts';

/** Deepest nesting a file may have; the parser's own stack holds a few entries a level. */
const MAX_DEPTH = 64;

/** The text as YAML tokens, with every nesting too deep for a recursive reader refused; null after saying so. */
export function tokensOf(text: string, lines: LineCounter, say: Say): CST.Token[] | null {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH) {
      say('yaml-too-deep', { from: parser.offset, to: parser.offset + 1 }, `values are nested deeper than ${MAX_DEPTH} levels`);
      return null;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}
