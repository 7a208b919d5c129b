export { PolicyError } from './errors.ts';
export type { PolicyErrorCode } from './errors.ts';
export { evaluate } from './evaluation/evaluate.ts';
export { isPublic } from './evaluation/public.ts';
export { contextKeysOf, mapPrincipals, principalsOf } from './language/inspect.ts';
export { parsePolicy } from './language/parse.ts';
export type { ParseOptions } from './language/parse.ts';
export type { PrincipalName } from './language/principals.ts';
export type { Statement } from './language/statement.ts';
export { IAM_POLICY_QUOTAS, MAX_POLICY_SIZE, policySize } from './limits.ts';
export type { ResourceLevel } from './s3/action-groups.ts';
export { S3_ACTIONS, actionsMatching } from './s3/actions.ts';
export type { ActionCatalogue, ActionInfo } from './s3/actions.ts';
export type {
  AccessRequest,
  CompiledPolicy,
  ContextValues,
  Decision,
  Layer,
  PolicyDocument,
  PolicyKind,
  PolicySet,
  Principal,
  PrincipalDocument,
  Reason,
  StatementDocument,
} from './types.ts';
