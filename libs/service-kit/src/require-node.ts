// The first import of every main.ts: modules are evaluated in order, so this speaks before any dependency does.
import { requireNode } from './node-version.ts';

requireNode();
