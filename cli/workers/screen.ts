import type { Screen } from '../screen.ts';
import type { Link } from './link.ts';

/** The screen of a worker: what it would show goes to the process that started it, which shows it with that of the others. */
export function workerScreen(link: Link): Screen {
  return {
    note: (line) => void process.stderr.write(`${line}\n`),
    show: (views) => void link.tell({ kind: 'views', views }),
    close: () => undefined,
  };
}
