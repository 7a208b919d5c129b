import { s3Error, TAG_TEXT, type Tag } from '@coffer/contracts';
import { list, text, type Input } from '../shared/input.ts';

const MAX_TAGS = 10;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/**
 * Object tags by AWS's rules.
 * @throws Fault BadRequest for more than ten, InvalidTag, MalformedXML
 */
export function readTags(tagging: Input | undefined): Tag[] {
  if (!tagging) throw s3Error('MalformedXML');
  const tags = list(tagging, 'TagSet').map((entry): Tag => {
    const member = (typeof entry === 'object' && entry !== null ? entry : {}) as Input;
    const Key = text(member, 'Key');
    const Value = text(member, 'Value');
    if (Key === undefined || Value === undefined) throw s3Error('MalformedXML');
    return { Key, Value };
  });
  if (tags.length > MAX_TAGS) throw s3Error('BadRequest', {}, { message: 'Object tags cannot be greater than 10' });
  const keys = new Set<string>();
  for (const { Key, Value } of tags) {
    if (Key === '' || Key.length > MAX_KEY_LENGTH || !TAG_TEXT.test(Key) || Key.startsWith('aws:')) {
      const message = Key.startsWith('aws:')
        ? 'Your TagKey cannot be prefixed with aws:'
        : 'The TagKey you have provided is invalid';
      throw s3Error('InvalidTag', { TagKey: Key }, { message });
    }
    if (Value.length > MAX_VALUE_LENGTH || !TAG_TEXT.test(Value)) {
      throw s3Error(
        'InvalidTag',
        { TagKey: Key, TagValue: Value },
        { message: 'The TagValue you have provided is invalid' },
      );
    }
    if (keys.has(Key)) {
      throw s3Error('InvalidTag', { TagKey: Key }, { message: 'Cannot provide multiple Tags with the same key' });
    }
    keys.add(Key);
  }
  return tags;
}
