import { handle, type Registration } from '@coffer/bus';
import { kms, status as statusContracts } from '@coffer/contracts';
import { generateDataKey } from './data-keys/generate-data-key.ts';
import { unwrapDataKey } from './data-keys/unwrap-data-key.ts';
import type { Deps } from './deps.ts';
import { serviceKey } from './service-keys/service-key.ts';
import { status } from './status.ts';

/** Every call that the key service answers. */
export function operations(deps: Deps): Registration[] {
  return [
    handle(kms.generateDataKey, (message) => generateDataKey(deps, message)),
    handle(kms.unwrapDataKey, (message) => unwrapDataKey(deps, message)),
    handle(kms.serviceKey.identity, () => serviceKey(deps, 'identity')),
    handle(kms.serviceKey.governance, () => serviceKey(deps, 'governance')),
    handle(statusContracts.kms, () => status(deps)),
  ];
}
