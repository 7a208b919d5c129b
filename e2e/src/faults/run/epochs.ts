import type { Caller, Shared } from './caller.ts';
import { endEpoch } from './epoch-end.ts';
import { KEPT_EPOCHS } from './keys.ts';
import type { Linearizability } from './linearizability.ts';
import type { Load } from './load.ts';

/** Checks one epoch of keys after the other and makes room, so that a run can be as long as one likes. */
export class Epochs {
  #ended = 0;
  #sum: Linearizability = { keys: 0, operations: 0, unknown: 0, violations: [] };
  readonly problems: string[] = [];

  constructor(
    private readonly caller: Caller,
    private readonly shared: Shared,
  ) {}

  get linearizability(): Linearizability {
    return this.#sum;
  }

  /** Those that no client touches any more, while nothing is disturbed. */
  async endOld(load: Load): Promise<void> {
    while (this.#ended < load.oldestEpoch() - KEPT_EPOCHS) await this.#end(true);
  }

  /** All that are left, when the clients have stopped. */
  async endAll(): Promise<void> {
    while (this.#ended <= this.shared.keys.epoch) await this.#end(false);
  }

  async #end(remove: boolean): Promise<void> {
    const { linearizability, problems } = await endEpoch(this.caller, this.#ended, remove);
    this.#ended += 1;
    this.problems.push(...problems);
    this.#sum = {
      keys: this.#sum.keys + linearizability.keys,
      operations: this.#sum.operations + linearizability.operations,
      unknown: this.#sum.unknown + linearizability.unknown,
      violations: [...this.#sum.violations, ...linearizability.violations],
    };
  }
}
