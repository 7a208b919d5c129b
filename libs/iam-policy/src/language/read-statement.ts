import { compileCondition, readOperatorName } from '../conditions/condition.ts';
import { MAX_VALUES } from '../limits.ts';
import { S3_ACTIONS, actionsMatching, conditionKeyApplies } from '../s3/actions.ts';
import type { ActionCatalogue } from '../s3/actions.ts';
import type { ResourceLevel } from '../s3/action-groups.ts';
import type { OneOrMany, PolicyKind, PrincipalDocument, StatementDocument } from '../types.ts';
import { isS3Kind, malformed } from './flavour.ts';
import type { Grammar } from './flavour.ts';
import { checkIamAction, checkIamResource } from './iam-syntax.ts';
import { entriesOf, oneOrMany, stringsOf } from './json.ts';
import { namesOf, normalisePrincipal } from './principals.ts';
import { levelsByShape, levelsWithin } from './resources.ts';

const FIELDS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

interface ReaderOptions {
  readonly bucketArn?: string;
  readonly knownActions?: ActionCatalogue;
  readonly allowUniqueIds?: boolean;
  readonly variables: boolean;
}

type Fields = ReadonlyMap<string, unknown>;
type Conditions = Record<string, Record<string, OneOrMany>>;

/** Checks the statements of one policy, one after the other, and brings them into normal form. */
export class StatementReader {
  private readonly kind: PolicyKind;
  private readonly grammar: Grammar;
  private readonly options: ReaderOptions;
  private readonly catalogue: ActionCatalogue | undefined;
  private readonly sids = new Set<string>();
  private valuesLeft = MAX_VALUES;

  constructor(kind: PolicyKind, grammar: Grammar, options: ReaderOptions) {
    this.kind = kind;
    this.grammar = grammar;
    this.options = options;
    this.catalogue = options.knownActions ?? (isS3Kind(kind) ? S3_ACTIONS : undefined);
  }

  /** @throws PolicyError naming the first mistake. */
  read(raw: unknown): StatementDocument {
    const { words } = this.grammar;
    const entries = entriesOf(raw);
    if (!entries) this.fail(words.syntax);
    const fields: Fields = new Map(entries);
    for (const name of fields.keys()) if (!FIELDS.has(name)) this.fail(words.unknownField(name));
    const sid = this.sid(fields.get('Sid'));
    const effect = fields.get('Effect');
    if (effect === undefined) this.fail(words.missing('Effect'));
    if (effect !== 'Allow' && effect !== 'Deny') this.fail(words.effect(effect));
    const principal = this.principal(fields);
    const actions = this.actions(fields);
    const resources = this.resources(fields);
    const conditions = this.conditions(fields.get('Condition'));
    if (isS3Kind(this.kind)) this.checkS3(fields, actions, resources, conditions);
    return {
      ...(sid === undefined ? {} : { Sid: sid }),
      Effect: effect,
      ...principal,
      ...(fields.has('NotAction') ? { NotAction: oneOrMany(actions) } : { Action: oneOrMany(actions) }),
      ...(resources.length === 0
        ? {}
        : fields.has('NotResource')
          ? { NotResource: oneOrMany(resources) }
          : { Resource: oneOrMany(resources) }),
      ...(conditions === undefined ? {} : { Condition: conditions }),
    };
  }

  private fail(message: string): never {
    throw malformed(this.grammar, message);
  }

  private sid(sid: unknown): string | undefined {
    const { words } = this.grammar;
    if (sid === undefined || sid === '') return undefined;
    if (typeof sid !== 'string') this.fail(words.syntax);
    if (!isS3Kind(this.kind) && this.kind !== 'kms-key' && !/^[0-9A-Za-z]*$/.test(sid)) this.fail(words.badSid);
    if (this.sids.has(sid)) this.fail(words.duplicateSid);
    this.sids.add(sid);
    return sid;
  }

  private principal(fields: Fields): { Principal?: PrincipalDocument; NotPrincipal?: PrincipalDocument } {
    const { words, principal } = this.grammar;
    const named = fields.has('Principal');
    const notNamed = fields.has('NotPrincipal');
    if (principal === 'forbidden') {
      if (named || notNamed) this.fail(words.principalForbidden);
      return {};
    }
    if (!named && !notNamed) this.fail(words.missing('Principal'));
    if (named && notNamed) this.fail(words.syntax);
    const raw = fields.get(named ? 'Principal' : 'NotPrincipal');
    const document = normalisePrincipal(raw, this.kind, this.grammar, this.options.allowUniqueIds === true);
    this.count(namesOf(document).length);
    return named ? { Principal: document } : { NotPrincipal: document };
  }

  /** Every value counts against one limit per policy. */
  private count(values: number): void {
    this.valuesLeft -= values;
    if (this.valuesLeft < 0) this.fail(this.grammar.words.syntax);
  }

  private actions(fields: Fields): string[] {
    const { words } = this.grammar;
    if (fields.has('Action') && fields.has('NotAction')) this.fail(words.syntax);
    const raw = fields.get('Action') ?? fields.get('NotAction');
    const actions = stringsOf(raw);
    if (raw === undefined || actions?.length === 0) this.fail(words.missing('Action'));
    if (!actions) this.fail(isS3Kind(this.kind) ? 'Policy has invalid action' : words.syntax);
    this.count(actions.length);
    for (const action of actions) {
      if (!isS3Kind(this.kind)) checkIamAction(action, this.kind, this.grammar);
      if (this.catalogue && !this.exists(action)) {
        this.fail(isS3Kind(this.kind) ? 'Policy has invalid action' : words.syntax);
      }
    }
    return actions;
  }

  /** Whether an action names something; in S3's policies also that it acts inside a bucket at all. */
  private exists(action: string): boolean {
    if (action === '*') return true;
    const matched = actionsMatching(action, this.catalogue ?? S3_ACTIONS);
    if (!isS3Kind(this.kind)) return matched.length > 0;
    return action.toLowerCase().startsWith('s3:') && matched.some((info) => info.levels.length > 0);
  }

  private resources(fields: Fields): string[] {
    const { words, resource } = this.grammar;
    const named = fields.has('Resource');
    const notNamed = fields.has('NotResource');
    if (resource === 'forbidden') {
      if (named || notNamed) this.fail(words.resourceForbidden);
      return [];
    }
    if (named && notNamed) this.fail(words.syntax);
    const raw = fields.get(named ? 'Resource' : 'NotResource');
    const resources = stringsOf(raw);
    if (raw === undefined || resources?.length === 0) this.fail(words.missing('Resource'));
    if (!resources) this.fail(isS3Kind(this.kind) ? 'Policy has invalid resource' : words.syntax);
    this.count(resources.length);
    for (const each of resources) {
      if (isS3Kind(this.kind)) {
        if (this.levels(each).size === 0) this.fail('Policy has invalid resource');
      } else checkIamResource(each, this.grammar);
    }
    return resources;
  }

  private levels(resource: string): Set<ResourceLevel> {
    const { bucketArn, variables } = this.options;
    return bucketArn === undefined ? levelsByShape(resource, variables) : levelsWithin(resource, bucketArn, variables);
  }

  private conditions(raw: unknown): Conditions | undefined {
    const { words } = this.grammar;
    if (raw === undefined) return undefined;
    const operators = entriesOf(raw);
    if (!operators) this.fail(words.syntax);
    // Without prototype, since the keys come from outside.
    const block: Conditions = Object.create(null) as Conditions;
    for (const [operator, rawKeys] of operators) {
      const name = readOperatorName(operator);
      if (!name) this.fail(words.operator(operator));
      const keys = entriesOf(rawKeys);
      if (!keys) this.fail(words.syntax);
      const normal: Record<string, OneOrMany> = Object.create(null) as Record<string, OneOrMany>;
      for (const [key, rawValue] of keys) {
        if (!/^[^:]+:./.test(key)) this.fail(words.conditionKey(key));
        const values = conditionValues(rawValue);
        if (!values || !compileCondition(name, key, values, this.options.variables)) {
          this.fail(words.conditionValue(operator, key));
        }
        this.count(values.length);
        normal[key] = oneOrMany(values);
      }
      block[operator] = normal;
    }
    return block;
  }

  /** S3 refuses statements that could never apply: action against resource, condition key against both. */
  private checkS3(
    fields: Fields,
    actions: readonly string[],
    resources: readonly string[],
    conditions: Conditions | undefined,
  ): void {
    const catalogue = this.catalogue ?? S3_ACTIONS;
    const levels = new Set<ResourceLevel>();
    if (fields.has('NotResource')) {
      for (const level of ['bucket', 'object', 'access-point', 'access-point-object'] as const) levels.add(level);
    } else for (const each of resources) for (const level of this.levels(each)) levels.add(level);

    const patterns = fields.has('NotAction') ? ['*'] : actions;
    const applicable = patterns.map((pattern) =>
      actionsMatching(pattern, catalogue).filter((info) => info.levels.some((level) => levels.has(level))),
    );
    if (applicable.some((matched) => matched.length === 0)) {
      this.fail('Action does not apply to any resource(s) in statement');
    }
    const reached = new Set(applicable.flat());
    for (const keys of Object.values(conditions ?? {})) {
      for (const key of Object.keys(keys)) {
        const lower = key.toLowerCase();
        if (!lower.startsWith('s3:')) continue;
        const known = [...catalogue.values()].some((info) => conditionKeyApplies(lower, info));
        if (!known) this.fail(this.grammar.words.conditionKey(key));
        if (![...reached].some((info) => conditionKeyApplies(lower, info))) {
          this.fail('Conditions do not apply to combination of actions and resources in statement');
        }
      }
    }
  }
}

/** Condition values as strings; numbers and booleans are written as such. */
function conditionValues(raw: unknown): string[] | undefined {
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  const values: string[] = [];
  for (const value of list) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    values.push(String(value));
  }
  return values;
}
