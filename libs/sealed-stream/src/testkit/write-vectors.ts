/** Writes the published vectors. Run only when a new format version is made: published vectors do not change. */
import { writeFileSync } from 'node:fs';
import { makeVectors } from './vectors.ts';

const file = new URL('../../../../docs/formats/sealed-stream-vectors.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(makeVectors(), null, 2)}\n`);
