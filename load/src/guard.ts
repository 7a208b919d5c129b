import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildClient } from './client/client.ts';
import { judge, readReferences, TOLERATED_LOSS, type References, type Verdict } from './guard/verdict.ts';
import { machineFacts } from './machine/facts.ts';
import { interleave, type Measured } from './measure/rounds.ts';
import { seedsIn } from './measure/seeds.ts';
import { chosen, type Target } from './measure/workload.ts';
import { workloads } from './measure/workloads.ts';
import { workspace } from './paths.ts';
import { progress } from './report/progress.ts';
import { ratioOf, type Outcome } from './report/report.ts';
import { figure, table } from './report/table.ts';
import { slowed } from './subjects/hooks.ts';
import { Fleet } from './subjects/fleet.ts';
import { stopOnSignal } from './subjects/stop-on-signal.ts';

const HELP = `npm run bench:guard -- [options]

Measures the hot paths beside a bare MinIO, in turns, and fails when a ratio has lost more than a third against
load/guard.json. What looks lost is measured again; all rounds count. Needs: npm run build, Go, minio, nats-server.

  --update       writes what was measured into load/guard.json
  --slowed N     each request takes Coffer N microseconds of the processor more: shows that a loss is found
  --help`;

const HOT = ['put-4k', 'get-4k', 'head-4k', 'put-64m', 'get-64m', 'list'];
const SUBJECTS = ['embedded', 'native'] as const;
const ROUNDS = 5;
const SCALE = { seconds: 0.6, listed: 3_000, warmUpSeconds: 3 };
const FILE = join(workspace, 'load', 'guard.json');

function together(first: Measured, second: Measured): Measured {
  return new Map([...first].map(([label, rounds]) => [label, [...rounds, ...(second.get(label) ?? [])]]));
}

function verdicts(outcome: Outcome, references: References): Verdict[] {
  const { name } = outcome.workload;
  return SUBJECTS.map((subject) => {
    const measured = ratioOf(outcome, subject, 'minio')?.median ?? Number.NaN;
    return judge(name, subject, references[name]![subject]!, measured);
  });
}

function report(outcomes: readonly Outcome[], all: readonly Verdict[]): string {
  const rows = all.map(({ workload, subject, reference, measured, loss, lost }) => {
    const of = ratioOf(
      outcomes.find((each) => each.workload.name === workload)!,
      subject,
      'minio',
    );
    const range = of ? `${figure(of.lowest)}–${figure(of.highest)}` : '';
    return [
      `${workload}, ${subject}`,
      figure(reference),
      figure(measured),
      range,
      `${(-loss * 100).toFixed(0)} %`,
      lost ? 'LOST' : '',
    ];
  });
  return table(['beside MinIO', 'reference', 'now', 'rounds', 'change', ''], rows);
}

async function guard(fleet: Fleet, folder: string, update: boolean): Promise<boolean> {
  for (const fact of await machineFacts(folder)) console.log(`- ${fact}`);
  const seeds = seedsIn(join(folder, 'seeds.json'));
  const wanted = chosen(workloads(SCALE), HOT);
  const references = update ? undefined : readReferences(readFileSync(FILE, 'utf8'), HOT, SUBJECTS);
  const targets: Target[] = (await fleet.get(['minio', ...SUBJECTS])).map((subject) => ({
    label: subject.name,
    subject,
  }));
  const outcomes: Outcome[] = [];
  for (const workload of wanted) {
    let outcome: Outcome = { workload, measured: await interleave(targets, workload, ROUNDS, seeds) };
    if (references && verdicts(outcome, references).some(({ lost }) => lost)) {
      progress(`${workload.name} looks lost: measured again, all rounds count`);
      const again = await interleave(targets, workload, ROUNDS, seeds);
      outcome = { workload, measured: together(outcome.measured, again) };
    }
    outcomes.push(outcome);
  }
  // Only servers that wait for the disk may be compared; asked at the end, of what ran.
  for (const subject of fleet.running) for (const line of await subject.durability()) console.log(`- ${line}`);
  if (!references) {
    const measured = Object.fromEntries(
      outcomes.map((outcome) => [
        outcome.workload.name,
        Object.fromEntries(
          SUBJECTS.map((subject) => [subject, Number(ratioOf(outcome, subject, 'minio')!.median.toFixed(3))]),
        ),
      ]),
    );
    writeFileSync(FILE, `${JSON.stringify(measured, undefined, 2)}\n`);
    console.log(`written: ${JSON.stringify(measured)}`);
    return true;
  }
  const all = outcomes.flatMap((outcome) => verdicts(outcome, references));
  console.log(`\n${report(outcomes, all)}\n`);
  const lost = all.filter((each) => each.lost);
  for (const { workload, subject, loss } of lost) {
    console.error(
      `${workload} of ${subject} lost ${(loss * 100).toFixed(0)} % of its ratio; ${(TOLERATED_LOSS * 100).toFixed(0)} % are tolerated`,
    );
  }
  return lost.length === 0;
}

const { values } = parseArgs({
  options: {
    update: { type: 'boolean', default: false },
    slowed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const micros = Number(values.slowed ?? '0');
if (values.help) {
  console.log(HELP);
} else if (!Number.isInteger(micros) || micros < 0 || micros > 1_000_000 || (micros > 0 && values.update)) {
  console.error(HELP);
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-guard-'));
  const fleet = new Fleet(folder, micros > 0 ? slowed(micros) : {});
  stopOnSignal(fleet);
  try {
    await buildClient();
    if (!(await guard(fleet, folder, values.update))) process.exitCode = 1;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await fleet.stopAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
