/** Waits between two deletions. */
export async function pace(pauseMs: number | undefined): Promise<void> {
  if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
