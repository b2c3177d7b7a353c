/** The answers of all, once none is under way any more; else it throws the first failure. What they use can be closed after it. */
export async function settled<T>(asked: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(asked);
  return Promise.all(asked);
}
