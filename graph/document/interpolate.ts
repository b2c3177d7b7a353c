// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in a pipeline file

import type { Say } from '../diagnostics/report.ts';
import type { Span } from './value.ts';

const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\})?/g;

/**
 * The text with `${NAME}` and `${NAME:-default}` replaced, `$${` being `${` itself. An empty variable counts as not set for a default,
 * as in a shell. Says what is missing or malformed, and leaves that part empty.
 */
export function interpolate(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  place: Span & { readonly textFrom: number | null },
  say: Say,
): string {
  return text.replace(
    REFERENCE,
    (whole: string, name: string | undefined, hasDefault: string | undefined, fallback: string | undefined, at: number) => {
      if (whole === '$${') return '${';
      const span = place.textFrom === null ? place : { from: place.textFrom + at, to: place.textFrom + at + whole.length };
      if (name === undefined) {
        say(
          'variable-syntax',
          span,
          '"${" is not followed by a name and "}"',
          'Write ${NAME} or ${NAME:-default}; $${ stands for ${ itself.',
        );
        return '';
      }
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (hasDefault !== undefined) return value === undefined || value === '' ? (fallback ?? '') : value;
      if (value === undefined)
        say('variable-missing', span, `the environment variable "${name}" is not set`, `Set it, or give a default: \${${name}:-...}.`);
      return value ?? '';
    },
  );
}
