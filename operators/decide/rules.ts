import type { Schema } from 'apache-arrow';
import { compiled } from '../expression/compiled.ts';
import { scan } from '../expression/scan.ts';
import type { Checked } from '../expression/typed.ts';
import { RULES, sizingColumn } from './layout.ts';
import type { DecideParams } from './operator.ts';

/** A rule, and its text cut behind the names of columns, whose values are shown there. */
export interface Rule {
  readonly checked: Checked;
  readonly shown: readonly (readonly [text: string, column: string | null])[];
}

export type Rules = Readonly<Record<(typeof RULES)[number], Rule | null>>;

function ruleOf(text: string, schema: Schema): Rule {
  const checked = compiled(text, schema, 'bool');
  const tokens = scan(text);
  const shown: (readonly [string, string | null])[] = [];
  let from = 0;
  if (!('code' in tokens)) {
    tokens.forEach((token, i) => {
      const next = tokens[i + 1];
      const called = next?.kind === 'mark' && next.mark === '(';
      if (token.kind !== 'name' || called || !checked.columns.includes(token.name)) return;
      shown.push([text.slice(from, token.to), token.name]);
      from = token.to;
    });
  }
  return { checked, shown: [...shown, [text.slice(from), null]] };
}

/** The rules of a node; `close` may be none. */
export function rulesOf(params: DecideParams, schema: Schema): Rules {
  return Object.fromEntries(RULES.map((name) => [name, params[name] === undefined ? null : ruleOf(params[name], schema)])) as Rules;
}

/** Columns that a decision needs: those of the rules, the price, and that of the sizing; each once, in this order. */
export function usedColumns(params: DecideParams, rules: Rules): readonly string[] {
  const sized = sizingColumn(params);
  const ofRules = RULES.flatMap((name) => rules[name]?.checked.columns ?? []);
  return [...new Set([...ofRules, params.price, ...(sized ? [sized.name] : [])])];
}
