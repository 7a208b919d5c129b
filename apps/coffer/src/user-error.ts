/** Something that the person at the command line can mend: its message is all that is shown, and the exit code is 1. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
