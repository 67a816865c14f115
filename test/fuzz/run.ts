/**
 * Fuzzes parsers and the HTTP server: coverage-guided, each target for some time, one after the other.
 *
 *     npm run fuzz -- [--seconds 60] [--only NAME] [--seed N] [--help]
 *
 * The exit code is 1 if there are findings.
 */
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.js';
import { fuzz } from './fuzz.js';
import { TARGETS } from './targets.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run fuzz -- [--seconds 60] [--only NAME] [--seed N]');
  console.log(`targets: ${Object.keys(TARGETS).join(', ')}`);
  process.exit();
}
const chosen = Object.entries(TARGETS).filter(([name]) => name === (values.only ?? name));
if (chosen.length === 0) throw new Error(`targets: ${Object.keys(TARGETS).join(', ')}`);

for (const [name, target] of chosen) {
  using coverage = new Coverage();
  const end = performance.now() + Number(values.seconds) * 1_000;
  const goesOn = (): boolean => performance.now() < end;
  const { executions, inputs, finding } = fuzz(target, goesOn, Number(values.seed), coverage);
  const facts = `${executions} executions, ${inputs} inputs, ${coverage.size} blocks`;
  console.log(
    `${name}: ${facts}, seed ${values.seed}: ${finding === undefined ? 'nothing' : 'A FINDING'}`,
  );
  if (finding === undefined) continue;
  process.exitCode = 1;
  console.log(
    `  seed of the check ${finding.seed}, bytes ${JSON.stringify(finding.bytes.toString('latin1'))}`,
  );
  console.log(finding.error);
}
