import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, the longest first. */
const LONG = ['faults/failpoints', 'faults/crash', 'sync-a-folder', 's3api-calls', 'presigned'];

/** Where two files run at a time, one that takes long should not be the last. Without a cache vitest goes by file size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.includes(`/src/${name}`));
      return at < 0 ? LONG.length : at;
    };
    return others.toSorted((a, b) => rank(a) - rank(b));
  }
}
