import { handle, handleBatch, type Registration } from '@coffer/bus';
import { audit, status as statusContracts } from '@coffer/contracts';
import type { Deps } from './deps.ts';
import { recordGap } from './gaps/record-gap.ts';
import { findRecords } from './records/find-records.ts';
import { record } from './records/record.ts';
import { status } from './status.ts';

/** Every call that audit answers. */
export function operations(deps: Deps): Registration[] {
  return [
    handleBatch(audit.record, (messages) => record(deps, messages)),
    handle(audit.recordGap, (message) => recordGap(deps, message)),
    handle(audit.findRecords, (message) => findRecords(deps, message)),
    handle(statusContracts.audit, () => status(deps)),
  ];
}
