import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('programs/orphan.ts', import.meta.url));

it.each(['early', 'late'])('is told that the parent is gone when it asks %s', async (when) => {
  const child = fork(PROGRAM, [when], { execArgv: ['--import', 'tsx'] });
  if (when === 'early') await once(child, 'message');
  child.disconnect();
  const [code] = await once(child, 'exit');
  expect(code).toBe(7);
});
