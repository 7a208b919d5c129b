import { Command, InvalidArgumentError, Option } from 'commander';
import { MAX_EXPIRES, METHODS, parseS3Uri, presignUrl, type Method } from '../../presign/presign-url.ts';
import { UserError } from '../../user-error.ts';
import { jsonOption } from '../options.ts';

interface Options {
  method: Method;
  expires: number;
  versionId?: string;
  endpoint?: string;
  region: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  json?: boolean;
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= 1 && value <= MAX_EXPIRES) return value;
  throw new InvalidArgumentError(`It must be a number of seconds from 1 to ${MAX_EXPIRES} (seven days).`);
}

/** Options are seen by others in the list of processes, so secrets have an environment variable as well. */
export const presign = (): Command =>
  new Command('presign')
    .description('Make a URL that lets its bearer do one thing with one object; made here, without asking the server')
    .argument('<uri>', 's3://bucket/key')
    .addOption(new Option('--method <method>', 'what the URL is for').choices(METHODS).default('GET'))
    .addOption(
      new Option('--expires <seconds>', `how long it works, at most ${MAX_EXPIRES}`).default(3600).argParser(seconds),
    )
    .addOption(new Option('--version-id <id>', 'a version of the object'))
    .addOption(new Option('--endpoint <url>', 'where clients reach Coffer').env('AWS_ENDPOINT_URL'))
    .addOption(new Option('--region <name>', 'region of the bucket').env('AWS_REGION').default('us-east-1'))
    .addOption(new Option('--access-key-id <id>', 'who signs').env('AWS_ACCESS_KEY_ID'))
    .addOption(new Option('--secret-access-key <secret>', 'better given by its variable').env('AWS_SECRET_ACCESS_KEY'))
    .addOption(new Option('--session-token <token>', 'of temporary credentials').env('AWS_SESSION_TOKEN'))
    .addOption(jsonOption())
    .action((uri: string, options: Options) => {
      const place = parseS3Uri(uri);
      if (!place) throw new UserError('Name the object as s3://bucket/key.');
      const { accessKeyId, secretAccessKey, endpoint } = options;
      if (!accessKeyId || !secretAccessKey) {
        throw new UserError(
          'Credentials are missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ("coffer env" prints them).',
        );
      }
      if (!endpoint || !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
        throw new UserError('The endpoint is missing; set AWS_ENDPOINT_URL to an http:// or https:// address.');
      }
      const url = presignUrl({ ...options, ...place, endpoint, accessKeyId, secretAccessKey });
      const { method, expires } = options;
      process.stdout.write(options.json ? `${JSON.stringify({ url, method, expires }, undefined, 2)}\n` : `${url}\n`);
    });
