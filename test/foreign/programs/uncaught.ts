/**
 * A loop gives turns in which callbacks of Node throw. It prints the uncaught exceptions, and that all else went on.
 * Arguments: the loop's kind, and whether a handler is installed.
 */
import { readFile } from 'node:fs';
import process from 'node:process';
import { createReactor } from '../../../src/index.js';
import { beginOwning, OWNERS } from '../thread-owners.js';

const [name, handled] = process.argv.slice(2);
const owner = OWNERS.find((one) => one.name === name);
if (owner === undefined) throw new Error(`no loop ${name}`);

const owned = await beginOwning(owner, createReactor({ kind: 'node' }));
const seen: string[] = [];
if (handled === 'handled') {
  process.on('uncaughtException', (error, origin) => {
    seen.push(`${error.message} ${origin} ${owned.inside()}`);
  });
}

const callback = (where: string): Promise<string> =>
  new Promise((resolve) => {
    const fail = (): void => {
      resolve(where);
      throw new Error(where);
    };
    if (where === 'tick') process.nextTick(fail);
    if (where === 'immediate') setImmediate(fail);
    if (where === 'timer') setTimeout(fail, 1);
    if (where === 'file') readFile('/dev/null', fail);
    if (where === 'microtask') queueMicrotask(fail);
  });

const after = new Promise((resolve) => setTimeout(resolve, 20));
for (const where of ['immediate', 'file', 'tick', 'timer', 'microtask']) {
  const beside = new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await callback(where);
  await beside;
}
void Promise.reject(new Error('rejection'));
await after;
await owned.end();
console.log(seen.join('\n'));
