import { readFileSync } from 'node:fs';

/** Wall time and CPU time (all threads of this process) of some work, seconds. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** Ticks of `/proc` a second. Source: `sysconf(_SC_CLK_TCK)` on Linux. */
const TICKS_A_SECOND = 100;

const cpuSeconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6;

/** CPU time of this process so far, seconds. */
export const ownCpu = (): number => cpuSeconds(process.cpuUsage());

/** CPU time of another process so far, seconds. Source: `proc(5)`, fields 14 and 15 of stat. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** What one call costs. */
export function costOf(work: () => void): Cost {
  const from = performance.now();
  const before = process.cpuUsage();
  work();
  return { cpu: cpuSeconds(process.cpuUsage(before)), wall: (performance.now() - from) / 1000 };
}

/** What one call costs that ends later. */
export async function costOfAsync(work: () => Promise<void>): Promise<Cost> {
  const from = performance.now();
  const before = process.cpuUsage();
  await work();
  return { cpu: cpuSeconds(process.cpuUsage(before)), wall: (performance.now() - from) / 1000 };
}

/** The least wall time of several calls after a few to warm up, seconds: the others shared the machine. */
export function quickest(work: () => void, rounds: number, warm = 3): number {
  for (let i = 0; i < warm; i++) work();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) best = Math.min(best, costOf(work).wall);
  return best;
}
