import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql, violatedConstraint } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { userAlreadyExists } from '../iam/errors.ts';
import { MAX_NEW_USER_NAME, optionalName, optionalPath } from '../iam/input.ts';
import { mutate } from '../iam/mutate.ts';
import { named } from './named-or-caller.ts';
import { lockUser } from './user-row.ts';

const update = sql('identity.user.update', 'UPDATE users SET user_name = $2, path = $3 WHERE user_id = $1');

/** Another name or path; the unique id, the keys and the policies stay. @throws Fault `NoSuchEntity`, `EntityAlreadyExists` */
export async function updateUser(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = named(message);
  const newName = optionalName(message.input, 'NewUserName', MAX_NEW_USER_NAME);
  const newPath = optionalPath(message.input, 'NewPath');
  return await mutate(deps, message, async (tx, accountId) => {
    const user = await lockUser(tx, accountId, asked);
    try {
      await tx.execute(update, [user.user_id, newName ?? user.user_name, newPath ?? user.path]);
    } catch (error) {
      if (violatedConstraint(error) === 'users_name') throw userAlreadyExists(newName ?? asked.userName);
      throw error;
    }
    return {};
  });
}
