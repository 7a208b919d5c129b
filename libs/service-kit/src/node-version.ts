/** The oldest Node that the dependencies run on; the OpenTelemetry exporter asks for the newest. */
export const MINIMUM_NODE = '22.15.0';

/** Undefined when this Node will do, else one sentence that says what to run instead. Imports nothing, on purpose. */
export function nodeVersionProblem(version: string, minimum: string = MINIMUM_NODE): string | undefined {
  const numbers = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10));
  const [major = 0, minor = 0] = numbers(version);
  const [leastMajor = 0, leastMinor = 0] = numbers(minimum);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `Coffer needs Node ${minimum} or newer and this is ${version}; start it with node_modules/.bin/node, which "npm ci" puts there.`;
}

/** Ends the process with one sentence when its Node is too old. */
export function requireNode(minimum: string = MINIMUM_NODE): void {
  const problem = nodeVersionProblem(process.versions.node, minimum);
  if (problem === undefined) return;
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
