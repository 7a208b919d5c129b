import type { Migration } from '@coffer/database';
import { init } from './0001-init.ts';

export const migrations: readonly Migration[] = [init];
