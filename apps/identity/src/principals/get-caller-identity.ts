import type { Forwarded, ForwardedReply } from '@coffer/contracts';

/** Who asks; needs no permission and no database. */
export async function getCallerIdentity(message: Forwarded): Promise<ForwardedReply> {
  const { userId, accountId, arn } = message.caller.principal;
  return { output: { UserId: userId, Account: accountId, Arn: arn } };
}
