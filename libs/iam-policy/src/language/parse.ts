import { PolicyError } from '../errors.ts';
import { MAX_POLICY_SIZE, MAX_RAW_LENGTH, MAX_STATEMENTS, policySize } from '../limits.ts';
import type { ActionCatalogue } from '../s3/actions.ts';
import type { CompiledPolicy, PolicyDocument, PolicyKind } from '../types.ts';
import { compileStatement } from './compile-statement.ts';
import { grammarOf, isS3Kind, malformed } from './flavour.ts';
import type { Grammar } from './flavour.ts';
import { entriesOf, readJson } from './json.ts';
import { StatementReader } from './read-statement.ts';

/** What a policy is checked against beyond its grammar. */
export interface ParseOptions {
  /** Name of the policy in reasons, for example its ARN or name. */
  readonly id?: string;
  /**
   * ARN of the bucket (or access point, or vault) that the policy belongs to; resources must lie in it. Give it whenever it is
   * known: without it a resource is judged by its shape, which is stricter with wildcards before the ARN's colons.
   */
  readonly bucketArn?: string;
  /** Actions that exist; for S3 kinds those of S3 unless given here. */
  readonly knownActions?: ActionCatalogue;
  /** Accept `AIDA…` and `AROA…` as AWS principals: for stored policies, not for what clients send. */
  readonly allowUniqueIds?: boolean;
}

/**
 * Reads, checks and compiles a policy.
 *
 * @throws PolicyError with the code and message that S3 (`s3-bucket`, `access-point`) or IAM (all
 *   other kinds) answers.
 */
export function parsePolicy(text: string, kind: PolicyKind, options: ParseOptions = {}): CompiledPolicy {
  const grammar = grammarOf(kind);
  const limit = MAX_POLICY_SIZE[kind];
  const byText = isIamKind(kind);
  if (text.length > MAX_RAW_LENGTH || (byText && policySize(text) > limit)) throw tooLarge(grammar, limit, byText);
  const document = readDocument(text, kind, grammar, options);
  const normalised = JSON.stringify(document);
  if (!byText && Buffer.byteLength(normalised) > limit) throw tooLarge(grammar, limit, byText);

  const version = document.Version === '2012-10-17' ? '2012-10-17' : '2008-10-17';
  const variables = version === '2012-10-17';
  return {
    id: options.id ?? document.Id ?? kind,
    kind,
    ...(options.bucketArn !== undefined && { bucketArn: options.bucketArn }),
    version,
    statements: document.Statement.map((statement, index) => compileStatement(statement, index, variables)),
    document,
    text: normalised,
  };
}

/** Kinds whose size IAM counts on the text as it was sent. */
function isIamKind(kind: PolicyKind): boolean {
  return kind === 'iam-identity' || kind === 'iam-trust' || kind === 'session';
}

function tooLarge(grammar: Grammar, limit: number, quota: boolean): PolicyError {
  return new PolicyError(quota ? 'LimitExceeded' : grammar.words.code, grammar.words.tooLarge(limit));
}

function readDocument(text: string, kind: PolicyKind, grammar: Grammar, options: ParseOptions): PolicyDocument {
  const { words } = grammar;
  // IAM forgives white space before the document, S3 does not.
  if (!(isS3Kind(kind) ? text : text.trimStart()).startsWith('{')) throw malformed(grammar, words.firstByte);
  let json: unknown;
  try {
    json = readJson(text);
  } catch {
    throw malformed(grammar, words.json);
  }
  const fields = new Map(entriesOf(json));
  for (const name of fields.keys()) {
    if (name !== 'Version' && name !== 'Id' && name !== 'Statement') throw malformed(grammar, words.unknownField(name));
  }
  const version = fields.get('Version');
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw malformed(grammar, words.version);
  }
  const id = fields.get('Id');
  if (id !== undefined && typeof id !== 'string') throw malformed(grammar, words.syntax);

  const raw = fields.get('Statement');
  if (raw === undefined) throw malformed(grammar, words.missing('Statement'));
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  if (list.length === 0) throw malformed(grammar, words.emptyStatement);
  if (list.length > MAX_STATEMENTS) throw malformed(grammar, words.syntax);
  const reader = new StatementReader(kind, grammar, { ...options, variables: version === '2012-10-17' });
  const statements = list.map((statement) => reader.read(statement));
  return {
    ...(version === undefined ? {} : { Version: version }),
    ...(id === undefined ? {} : { Id: id }),
    Statement: statements,
  };
}
