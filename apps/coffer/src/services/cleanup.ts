/** Steps to undo what was started, in the opposite order. */
export class Cleanup {
  readonly #steps: { name: string; step: () => Promise<void> | void }[] = [];

  add(name: string, step: () => Promise<void> | void): void {
    this.#steps.push({ name, step });
  }

  /** Runs all steps even when some fail; each failure is told to `failed`. Returns whether all went well. */
  async run(failed: (name: string, error: unknown) => void): Promise<boolean> {
    let well = true;
    for (const { name, step } of this.#steps.splice(0).toReversed()) {
      try {
        await step();
      } catch (error) {
        well = false;
        failed(name, error);
      }
    }
    return well;
  }
}
