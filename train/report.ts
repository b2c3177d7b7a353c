import { refusedText } from '../graph/contract/refused.ts';
import type { Artefact } from './artefact.ts';
import type { Matrix } from './matrix.ts';
import { barPlot, linePlot } from './plots.ts';
import type { Evaluation, Fitted, TrainOptions } from './walk.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2433; --soft: #667085; --line: #d9dee7; --paper: #fff; --model: #2563eb; --base: #98a2b3; --other: #d97706; --good: #15803d; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #303746; --paper: #12161f; --model: #6ea8fe; --base: #667085; --other: #f5b455; --good: #4ade80; --bad: #f97066; } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 1200px; padding: 32px 24px 64px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 24px; margin: 0 0 4px } h2 { font-size: 16px; margin: 0 0 8px } p { margin: 0 0 12px } .soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 28px; margin-top: 28px } section { min-width: 0 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums } th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line) } th:first-child, td:first-child { text-align: left } th { color: var(--soft); font-weight: 500 }
svg { width: 100%; height: auto; overflow: visible } svg text { font: 11px system-ui, sans-serif; fill: var(--soft) } .grid { stroke: var(--line) } path { fill: none; stroke-width: 2 } path.model { stroke: var(--model) } path.base { stroke: var(--base); stroke-dasharray: 5 4 } path.other { stroke: var(--other) } circle.model, rect.model { fill: var(--model) } circle.base { fill: var(--base) }
code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere }`;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const fixed = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : 'none');
const percent = (value: number): string => (Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : 'none');
const day = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString().replace('T', ' ').slice(0, 19);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>${line(head, 'th')}${rows.map((cells) => line(cells, 'td')).join('')}</table>`;
}

/** A page on a trained model: what it knows that a base rate does not, how far its intervals hold, and what it would have cost. One file, no script. */
export function report(artefact: Artefact, matrix: Matrix, fitted: Fitted, evaluation: Evaluation, options: TrainOptions): string {
  const { card } = artefact;
  const { gain } = evaluation;
  const knows = gain.low > 0;
  const [horizon] = card.horizons;
  const verdict = knows
    ? `<p class="good">It knows more than the base rate: its logarithmic loss is ${fixed(gain.mean, 5)} lower a row, 95 % between ${fixed(gain.low, 5)} and ${fixed(gain.high, 5)}.</p>`
    : `<p class="bad">It is not shown to know more than the base rate: the gain in logarithmic loss is ${fixed(gain.mean, 5)} a row, 95 % between ${fixed(gain.low, 5)} and ${fixed(gain.high, 5)}.</p>`;
  const trained = `${matrix.originNs.length} rows from ${day(matrix.originNs[0] ?? 0n)} to ${day(matrix.originNs[matrix.originNs.length - 1] ?? 0n)} UTC, ${matrix.leftOut} left out for want of a value${artefact.refused.length === 0 ? '' : `; refused on the way: ${escaped(refusedText(artefact.refused))}`}`;
  const point = (values: ArrayLike<number>) => Array.from(values, (y, x) => ({ x, y }));
  const losses = table(
    ['out of sample', 'logarithmic loss', 'accuracy', 'area under curve', 'calibration error'],
    [
      [
        'this model',
        fixed(evaluation.logLoss, 5),
        percent(evaluation.accuracy),
        fixed(evaluation.areaUnderCurve, 3),
        fixed(evaluation.calibrationError, 3),
      ],
      ['share of ups so far', fixed(evaluation.baseLogLoss, 5), '', '0.500', ''],
      ['what followed the last move', fixed(evaluation.persistenceLogLoss, 5), '', '', ''],
    ],
  );
  const returns = table(
    [
      'expected return',
      'R²',
      'correlation',
      `inside the ${percent(options.coverage)} interval`,
      'changes of position',
      'before costs, bps',
      `after ${options.costBps} bps each, bps`,
    ],
    [
      [
        'this model',
        fixed(evaluation.r2, 4),
        fixed(evaluation.correlation, 3),
        percent(evaluation.covered),
        String(evaluation.trades),
        fixed(evaluation.grossBps, 1),
        fixed(evaluation.netBps, 1),
      ],
    ],
  );
  const steps = table(
    ['step', 'tested from', 'learnt from', 'tested on', 'logarithmic loss', 'base'],
    evaluation.folds.map((fold, i) => [
      String(i + 1),
      day(fold.fromNs),
      String(fold.trained),
      String(fold.tested),
      fixed(fold.logLoss, 5),
      fixed(fold.baseLogLoss, 5),
    ]),
  );
  const weights = matrix.features
    .map((name, i) => ({ name, value: fitted.direction.weights[i] ?? 0 }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, 30);
  const ends = [
    { x: evaluation.calibration[0]?.predicted ?? 0, y: evaluation.calibration[0]?.predicted ?? 0 },
    { x: evaluation.calibration.at(-1)?.predicted ?? 1, y: evaluation.calibration.at(-1)?.predicted ?? 1 },
  ];
  const plots = [
    [
      'What it gained on the base rate, row by row',
      'Logarithmic loss saved so far; a line that climbs all the way is knowledge, a single jump is luck.',
      linePlot('gain', [{ name: 'gain so far', points: point(evaluation.gainSoFar), look: 'model' }], {
        x: 'tested rows that moved',
        y: 'loss saved',
      }),
    ],
    [
      'What it said, and what came',
      'Ten bins of equal size; on the dashed line probabilities are what they say.',
      linePlot(
        'calibration',
        [
          { name: 'as said', points: ends, look: 'base' },
          {
            name: 'model',
            points: evaluation.calibration.map(({ predicted, observed }) => ({ x: predicted, y: observed })),
            look: 'model',
            dots: true,
          },
        ],
        { x: 'said', y: 'came' },
        false,
      ),
    ],
    [
      'After costs',
      `Positions of one unit by the sign of the expected return where it passes ${options.costBps} bps, one for each key, held for one horizon and then decided anew. Fills at the price of the row, no queue, no market impact: not what trading would have brought.`,
      linePlot('after costs', [{ name: 'net', points: point(evaluation.netSoFar), look: 'other' }], { x: 'tested rows', y: 'bps' }),
    ],
    ['What moves the probability', 'Coefficients of the features in standard deviations, of the last fit.', barPlot('weights', weights)],
  ].map(([title, text, plot]) => `<section><h2>${title}</h2><p class="soft">${text}</p>${plot}</section>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(card.name)}</title><style>${STYLE}</style>
<h1>${escaped(card.name)}</h1><p class="soft">${horizon?.horizon ?? ''} ahead; ${trained}. Seed ${options.seed}, ${options.folds} steps forward, embargo ${Number(options.embargoNs) / 1e9} s. Model <code>${card.sha256}</code></p>
${verdict}${losses}<p></p>${returns}<p></p>${steps}<div class="plots">${plots.join('')}</div></html>
`;
}
