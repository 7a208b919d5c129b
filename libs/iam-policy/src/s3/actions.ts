import { compileGlob, globTokens } from '../glob/glob.ts';
import { COMMON_S3_KEYS, S3_ACTION_GROUPS } from './action-groups.ts';
import type { ResourceLevel } from './action-groups.ts';

/** What a policy may say about one action. */
export interface ActionInfo {
  /** As AWS spells it, for example `s3:GetObject`. */
  readonly name: string;
  readonly levels: readonly ResourceLevel[];
  /** Lower-case service keys that apply; one that ends in `/` stands for any tag key. */
  readonly conditionKeys: ReadonlySet<string>;
}

/** Actions by lower-case name. */
export type ActionCatalogue = ReadonlyMap<string, ActionInfo>;

/** The S3 actions that exist, by lower-case name. */
export const S3_ACTIONS: ActionCatalogue = new Map(
  S3_ACTION_GROUPS.flatMap((group) => {
    const conditionKeys = new Set([...COMMON_S3_KEYS, ...group.keys.split(' ').filter(Boolean)]);
    return group.actions
      .split(' ')
      .map((name): [string, ActionInfo] => [
        `s3:${name.toLowerCase()}`,
        { name: `s3:${name}`, levels: group.levels, conditionKeys },
      ]);
  }),
);

/** The actions of a catalogue that a pattern such as `s3:Get*` names; case does not matter. */
export function actionsMatching(pattern: string, catalogue: ActionCatalogue): ActionInfo[] {
  const lower = pattern.toLowerCase();
  const exact = catalogue.get(lower);
  if (exact) return [exact];
  const tokens = globTokens(lower);
  if (tokens.every((token) => typeof token === 'string')) return [];
  const matches = compileGlob(tokens);
  return [...catalogue].filter(([name]) => matches(name)).map(([, info]) => info);
}

/** Whether a lower-case condition key applies to the action. */
export function conditionKeyApplies(key: string, action: ActionInfo): boolean {
  const slash = key.indexOf('/');
  return action.conditionKeys.has(slash < 0 ? key : key.slice(0, slash + 1));
}
