import { type Forwarded, tag, type Tag } from '@coffer/contracts';
import { z } from 'zod';
import { invalidInput, validationError } from '../iam/errors.ts';
import { constraint } from '../iam/input.ts';

const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Tags of a new user. @throws Fault `ValidationError`, `InvalidInput` */
export function readTags(input: Forwarded['input']): Tag[] {
  const value = input['Tags'] ?? [];
  const parsed = z.array(tag).safeParse(value);
  if (!parsed.success) throw validationError('Tags must be a list of keys with values.');
  const tags = parsed.data.map(({ Key, Value }) => ({ Key, Value }));
  if (tags.length > MAX_TAGS) {
    throw constraint('tags', 'Tags', `Member must have length less than or equal to ${MAX_TAGS}`);
  }
  for (const [index, { Key, Value }] of tags.entries()) check(index + 1, Key, Value);
  const keys = new Set(tags.map(({ Key }) => Key.toLowerCase()));
  if (keys.size < tags.length) {
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  return tags;
}

function check(index: number, key: string, value: string): void {
  if (key === '' || key.length > MAX_KEY) {
    const rule = key === '' ? 'greater than or equal to 1' : `less than or equal to ${MAX_KEY}`;
    throw constraint(key.slice(0, MAX_KEY), `Tags.${index}.member.key`, `Member must have length ${rule}`);
  }
  if (value.length > MAX_VALUE) {
    const rule = `Member must have length less than or equal to ${MAX_VALUE}`;
    throw constraint(value.slice(0, MAX_VALUE), `Tags.${index}.member.value`, rule);
  }
  const wrong = [
    { text: key, member: 'key' },
    { text: value, member: 'value' },
  ].find(({ text }) => !TEXT.test(text));
  if (wrong === undefined) return;
  const rule = String.raw`Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`;
  throw constraint(wrong.text, `Tags.${index}.member.${wrong.member}`, rule);
}
