import * as fc from 'fast-check';
import { readCorpus } from './corpus.ts';
import { MAX_INPUT, mutated } from './mutations.ts';
import type { FuzzTarget } from './target.ts';

/** Every kind of input of a target: mutated from its corpus, made from its grammar, and changed after that. */
export function inputsOf(target: FuzzTarget): fc.Arbitrary<Buffer> {
  const corpus = readCorpus(target.corpus).map(({ bytes }) => bytes);
  const most = Math.min(target.most ?? MAX_INPUT, MAX_INPUT);
  const near = mutated(corpus, target.tokens, most);
  if (!target.structured) return near;
  const made = target.structured.map((bytes) => Buffer.from(bytes));
  const broken = made.chain((bytes) => mutated([bytes], target.tokens, most));
  return fc.oneof({ weight: 3, arbitrary: near }, { weight: 1, arbitrary: made }, { weight: 2, arbitrary: broken });
}
