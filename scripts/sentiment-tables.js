const BEGIN = '<!-- tables: written by scripts/sentiment-model.js -->';
const END = '<!-- end of tables -->';

const number = (value) => value.toFixed(3);
const spread = ({ mean, sd }) => `${number(mean)} ± ${number(sd)}`;

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

const PARTS = [
  ['single', 'the only entity of a headline'],
  ['several', 'one of several entities'],
  ['all', 'every entity'],
  ['others_unknown', 'one of several, the others not recognised'],
  ['whole', 'the headline as a whole'],
];

function quality(metrics) {
  const head = ['question', 'rows', 'macro-F1', 'accuracy', 'log-loss', 'calibration error', 'before calibration'];
  const cells = (part) => [
    part.rows,
    ...[part.macro_f1, part.accuracy, part.log_loss, part.calibration_error, part.calibration_error_before].map(spread),
  ];
  return table(
    head,
    PARTS.map(([name, title]) => [title, ...cells(metrics[name])]),
  );
}

function classes(metrics) {
  const rows = ['single', 'all'].flatMap((name) =>
    metrics[name].classes.map((report) => [
      `${name}: ${report.class}`,
      report.rows,
      number(report.precision),
      number(report.recall),
      number(report.f1),
    ]),
  );
  return table(['class', 'rows', 'precision', 'recall', 'F1'], rows);
}

function rivals(metrics) {
  const rows = metrics.baselines.map(({ name, single, all }) => [name, spread(single), spread(all)]);
  const own = ['this model', spread(metrics.single.macro_f1), spread(metrics.all.macro_f1)];
  return table(['macro-F1', 'single entity', 'every entity'], [...rows, own]);
}

function abstention(metrics) {
  const rows = metrics.risk_coverage.map((risk) =>
    [risk.confidence, risk.coverage, risk.accuracy, risk.macro_f1].map((value, at) => (at === 0 ? value.toFixed(2) : number(value))),
  );
  return table(['confidence at least', 'answered', 'accuracy', 'macro-F1'], rows);
}

/** The metrics of a model file as Markdown. */
export function tables(metrics) {
  return [
    `${metrics.method}. Seeds ${metrics.seeds.join(', ')}: mean ± deviation over the seeds.`,
    quality(metrics),
    'By class, all seeds together:',
    classes(metrics),
    'Beside simpler ways, in the same folds:',
    rivals(metrics),
    'When answers below a confidence are withheld (every entity):',
    abstention(metrics),
  ].join('\n\n');
}

/** A page with what is between its marks replaced. */
export function between(page, text) {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`the page lacks ${BEGIN} or ${END}`);
  return `${page.slice(0, start + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}
