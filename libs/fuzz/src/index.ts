export { inPieces } from './in-pieces.ts';
export { readRequest, type RequestParts } from './request.ts';
export { replay } from './replay.ts';
export { expectation, type FuzzTarget } from './target.ts';
