import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClient } from './client/client.ts';
import { machineFacts } from './machine/facts.ts';
import { seedsIn } from './measure/seeds.ts';
import { chosen, type Scale } from './measure/workload.ts';
import { workloads } from './measure/workloads.ts';
import { HELP, parseOptions, type BenchOptions } from './options.ts';
import { memoryOf, memoryTable, type Memory } from './report/memory.ts';
import { cpuTable, figuresTable, foreignShare, latencyTable, sharesTable, type Outcome } from './report/report.ts';
import { knownNames, measureAll, sections } from './sections.ts';
import { Fleet } from './subjects/fleet.ts';
import { stopOnSignal } from './subjects/stop-on-signal.ts';

function print(title: string, text: string): void {
  process.stdout.write(`\n## ${title}\n\n${text}\n`);
}

/** Above this share, what others on the machine do decides as much as what is measured. */
const MUCH = 0.1;

function warnOfOthers(outcomes: readonly Outcome[]): void {
  const share = foreignShare(outcomes, cpus().length);
  if (share < MUCH) return;
  process.stdout.write(
    `\nOthers on this machine took up to ${(share * 100).toFixed(0)} % of it meanwhile: these figures are too low for all, and\n` +
      `lowest for a server that has one busy thread. Work per CPU suffers least.\n`,
  );
}

/** Every figure of every round, for whoever computes something else from them. */
function plain(outcomes: readonly Outcome[]): unknown {
  return outcomes.map(({ workload: { name, title, figure }, measured }) => ({
    name,
    title,
    figure,
    rounds: Object.fromEntries(
      [...measured].map(([label, rounds]) => [
        label,
        rounds.map(({ result, cpuMicros, foreignCores }) => ({
          ...result,
          foreignCores,
          cpuMicros: Object.fromEntries(cpuMicros),
        })),
      ]),
    ),
  }));
}

async function measure(fleet: Fleet, folder: string, options: BenchOptions): Promise<void> {
  const seeds = seedsIn(join(folder, 'seeds.json'));
  const facts = await machineFacts(folder);
  print('Machine and versions', facts.map((fact) => `- ${fact}`).join('\n'));
  const memory: Memory[] = [];
  const found: Record<string, unknown> = {};

  const wanted = chosen(workloads(options), options.only);
  if (wanted.length > 0) {
    const targets = (await fleet.get(options.subjects)).map((subject) => ({ label: subject.name, subject }));
    const outcomes = await measureAll(targets, wanted, options.rounds, seeds);
    found['workloads'] = plain(outcomes);
    print(
      `Medians of ${options.rounds} rounds, and ratios within a round: their median (lowest–highest)`,
      figuresTable(outcomes, 'minio'),
    );
    print('Latency', latencyTable(outcomes));
    print('Where the processor went', cpuTable(outcomes, 'minio'));
    print('The client, and others on this machine', sharesTable(outcomes, cpus().length));
    warnOfOthers(outcomes);
    // A MinIO that was started again after seeding has lost what it had at most.
    memory.push(...targets.flatMap(({ subject }) => memoryOf(subject)));
  }
  for (const section of sections) {
    if (options.only.length > 0 && !options.only.includes(section.name)) continue;
    const outcomes = await section.run(fleet, options, seeds);
    found[section.name] = plain(outcomes);
    print(section.title, figuresTable(outcomes, section.beside));
    print(`${section.title}: latency`, latencyTable(outcomes));
    print(`${section.title}: processor`, cpuTable(outcomes, section.beside));
    warnOfOthers(outcomes);
  }
  const last = fleet.running.flatMap((subject) => memoryOf(subject));
  const later = last.filter((each) => !memory.some(({ subject }) => subject === each.subject));
  print('Memory', memoryTable([...memory, ...later]));
  // Asked at the start too; asked again of what ran to the end, so that the report says what was measured.
  const durability = (await Promise.all(fleet.running.map((subject) => subject.durability()))).flat();
  print('Durability, required of every server', durability.map((line) => `- ${line}`).join('\n'));
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      JSON.stringify({ facts, durability, options, memory: [...memory, ...later], ...found }, undefined, 1),
    );
  }
}

async function main(): Promise<void> {
  const scale: Scale = { seconds: 1, listed: 1000 };
  const options = parseOptions(process.argv.slice(2), knownNames(scale));
  if (!options) {
    console.log(HELP);
    return;
  }
  await buildClient();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'coffer-bench-'));
  const fleet = new Fleet(folder);
  stopOnSignal(fleet);
  try {
    await measure(fleet, folder, options);
  } finally {
    await fleet.stopAll();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? `bench: ${error.message}` : error);
  if (error instanceof Error && error.cause instanceof Error) console.error(error.cause.message);
  process.exitCode = 1;
}
