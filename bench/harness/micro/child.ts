// The process that measures one contender of a micro bench: `child.ts BENCH CONTENDER full|quick CASE...`. Prints the figures
// of each case as a line of JSON.

import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Figures, FULL, type MicroBench, QUICK } from './bench.js';

register('./compiled-sources.mjs', import.meta.url);
const [path = '', contender = '', effort = '', ...cases] = process.argv.slice(2);
const { bench } = (await import(pathToFileURL(path).href)) as { bench: MicroBench };
const measured: Record<string, Figures> = {};
for (const name of cases) {
  const measure = bench.cases.find((one) => one.name === name)?.contenders[contender];
  if (measure === undefined) throw new Error(`no contender '${contender}' in case '${name}'`);
  measured[name] = await measure(effort === 'quick' ? QUICK : FULL);
}
// Pending timers must not keep the process alive.
process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit());
