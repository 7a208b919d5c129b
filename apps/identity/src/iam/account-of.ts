import { type Caller, Fault } from '@coffer/contracts';

/** The account in which the caller asks. @throws Fault `AccessDenied` (403) when nobody signed the request */
export function accountOf(caller: Caller): string {
  const { kind, accountId } = caller.principal;
  if (kind === 'anonymous' || !/^\d{12}$/.test(accountId)) {
    throw new Fault('AccessDenied', 'Access Denied', { status: 403 });
  }
  return accountId;
}
