/** Does `work` for all, at most `width` at a time. */
export async function inParallel<T>(all: Iterable<T>, work: (one: T) => Promise<void>, width = 8): Promise<void> {
  const left = [...all].values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const one of left) await work(one);
    }),
  );
}
