import { Fault } from '@coffer/contracts';
import type { RootKey } from './root-key.ts';

/** Whether the root key is there. Sealed, the service answers every call for keys with `Unavailable`. */
export class Seal {
  readonly #root: RootKey | undefined;
  /** Why the service is sealed, for the operator; undefined when it is not. */
  readonly reason: string | undefined;

  private constructor(root: RootKey | undefined, reason: string | undefined) {
    this.#root = root;
    this.reason = reason;
  }

  static opened(root: RootKey): Seal {
    return new Seal(root, undefined);
  }

  static closed(reason: string): Seal {
    return new Seal(undefined, reason);
  }

  /** @throws Fault `Unavailable` while sealed. */
  root(): RootKey {
    if (this.#root === undefined) {
      throw new Fault('Unavailable', 'The key service is sealed; its log says why.', { status: 503 });
    }
    return this.#root;
  }

  destroy(): void {
    this.#root?.destroy();
  }
}
