/**
 * Numbers of rows in ascending order of (time, edge, number); null where they are so already. Stretches that ascend by themselves are merged,
 * two and two: what each edge brings in order costs one comparison a row and edge.
 */
export function ascending(time: Float64Array, edge: Int32Array): Int32Array | null {
  const n = time.length;
  let starts = [0];
  for (let i = 1; i < n; i++) if (isBefore(time, edge, i, i - 1)) starts.push(i);
  if (starts.length === 1) return null;
  let order = Int32Array.from({ length: n }, (_, i) => i);
  let merged = new Int32Array(n);
  while (starts.length > 1) {
    for (let run = 0; run < starts.length; run += 2) {
      const [from, middle, to] = [starts[run] ?? n, starts[run + 1] ?? n, starts[run + 2] ?? n];
      mergeInto(merged, order, time, edge, [from, middle, to]);
    }
    [order, merged] = [merged, order];
    starts = starts.filter((_, run) => run % 2 === 0);
  }
  return order;
}

/** Whether row a goes before row b, which is not after it for their numbers alone. */
function isBefore(time: Float64Array, edge: Int32Array, a: number, b: number): boolean {
  const [ta, tb] = [time[a] as number, time[b] as number];
  return ta < tb || (ta === tb && (edge[a] as number) < (edge[b] as number));
}

/** Merges the rows of [from, middle) and [middle, to), of equal ones those of the first, whose numbers are lower. */
function mergeInto(
  into: Int32Array,
  order: Int32Array,
  time: Float64Array,
  edge: Int32Array,
  [from, middle, to]: readonly [number, number, number],
): void {
  let [left, right] = [from, middle];
  for (let at = from; at < to; at++) {
    const second = right < to && (left >= middle || isBefore(time, edge, order[right] as number, order[left] as number));
    into[at] = order[second ? right++ : left++] as number;
  }
}
