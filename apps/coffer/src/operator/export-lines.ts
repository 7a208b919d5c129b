import { identity } from '@coffer/contracts';
import type { Operator } from './operator.ts';

/** Quoted for a POSIX shell, where it needs quotes. */
export function shellQuote(value: string): string {
  return /^[\w/:.,@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/** What AWS's clients read from their environment. */
export async function clientEnvironment(operator: Operator): Promise<Record<string, string>> {
  const { endpoint, region, caFile } = operator.endpoints;
  const account = await operator.call(identity.firstAccount, {});
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: account.accessKeyId,
    AWS_SECRET_ACCESS_KEY: account.secretAccessKey,
    AWS_REGION: region,
    // The AWS CLI of version 1 and boto3 read this name only.
    AWS_DEFAULT_REGION: region,
    ...(caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile }),
  };
}

/** Lines to paste into a shell. */
export function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

/** What is shown when Coffer is ready: comments around the lines, so that all of it can be pasted. */
export function readyMessage(options: {
  lines: string;
  endpoint: string;
  httpsEndpoint?: string | undefined;
  data: string;
}): string {
  const { lines, endpoint, httpsEndpoint, data } = options;
  const both = httpsEndpoint === undefined ? endpoint : `${endpoint} and ${httpsEndpoint}`;
  return `# Coffer is ready on ${both}; its data is in ${data}
# Paste these lines into a shell, then try: aws s3 mb s3://my-first-bucket
${lines}# To see them again: npx coffer env --data ${shellQuote(data)}. Ctrl-C stops Coffer.
`;
}
