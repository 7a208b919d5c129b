/**
 * Runs a piece of work for all who ask while it is under way, once more and no oftener: whoever asks gets a result
 * whose work began after the asking. So nobody is answered with what was true before, and no queue can form.
 */
export class Coalesced<Result> {
  private running: Promise<Result> | undefined;
  private next: Promise<Result> | undefined;

  constructor(private readonly work: () => Promise<Result>) {}

  /** True when nobody waits and nothing runs. */
  get idle(): boolean {
    return this.running === undefined;
  }

  ask(): Promise<Result> {
    if (!this.running) return this.start();
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.start();
      });
    return this.next;
  }

  private start(): Promise<Result> {
    const run = this.work().finally(() => {
      if (this.running === run) this.running = undefined;
    });
    this.running = run;
    return run;
  }
}
