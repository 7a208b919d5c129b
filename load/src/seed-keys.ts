import { parseArgs } from 'node:util';
import { buildClient } from './client/client.ts';
import { copyKeys } from './keys/copy-keys.ts';

const HELP = `Fills a bucket of a running Coffer with many keys, by COPY into its own Postgres. For measuring alone:
the objects are listed and answered to HEAD, but their bodies do not open.

  node --conditions=@coffer/source load/src/seed-keys.ts --data FOLDER --endpoint URL --bucket NAME --keys N [options]

  --data FOLDER     the data folder of the Coffer that runs
  --endpoint URL    its address, http://HOST:PORT
  --bucket NAME     the bucket; made when it is not there
  --keys N          how many keys, at most 10,000,000
  --prefix P        what each key begins with (k/)
  --group N         keys per group: the key is then PREFIX gNNNNNN DELIMITER number (0: no groups)
  --delimiter D     between group and number (/)
  --size N          bytes of each object, small enough to lie beside its row (16)

Credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Region: AWS_REGION (us-east-1).`;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    endpoint: { type: 'string' },
    bucket: { type: 'string' },
    keys: { type: 'string' },
    prefix: { type: 'string', default: 'k/' },
    group: { type: 'string', default: '0' },
    delimiter: { type: 'string', default: '/' },
    size: { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
});
const { data, endpoint, bucket, prefix, delimiter } = values;
const [keys, group, size] = [Number(values.keys), Number(values.group), Number(values.size)];
const accessKeyId = process.env['AWS_ACCESS_KEY_ID'];
const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'];
const inBounds =
  Number.isInteger(keys) && keys >= 1 && keys <= 10_000_000 && Number.isInteger(group) && group >= 0 && size >= 0;
if (values.help) {
  console.log(HELP);
} else if (
  !data ||
  !endpoint ||
  !bucket ||
  !inBounds ||
  !accessKeyId ||
  !secretAccessKey ||
  /[\t\n\r\\]/.test(prefix + delimiter)
) {
  console.error(HELP);
  process.exitCode = 2;
} else {
  await buildClient();
  const began = performance.now();
  const to = {
    endpoints: [endpoint],
    region: process.env['AWS_REGION'] ?? 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  };
  await copyKeys(to, data, { bucket, prefix, keys, group, delimiter, size });
  console.log(`${keys} keys in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
