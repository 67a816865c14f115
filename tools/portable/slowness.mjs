// @ts-check
// Measures how slow this machine currently is in this engine; the time limits of tests follow it. As many processes as the
// tests will use do a fixed amount of work at once, mostly round trips over loopback, which cost the same as tests: system calls
// and waiting to be scheduled. 1 is an idle server of 2024, in Node on Linux.
//
//   ENGINE slowness.mjs [--processes N]      prints the factor as an integer, 1 to 10

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SELF = fileURLToPath(import.meta.url);
const ROUND_TRIPS = 1000;
const HASHED_BYTES = 16 << 20;
/** How long the work takes where the factor is 1. */
const REFERENCE_MS = 100;
const [FLOOR, CEILING] = [1, 10];
/** After this time the measurement stops and the highest factor is assumed. */
const LIMIT_MS = 60_000;

/**
 * @param {number} processes at a time
 * @returns {Promise<number>} an integer, 1 to 10
 */
export async function measureSlowness(processes) {
  // Results are passed in files, because the standard output of a program under Wine may be lost.
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-slowness-'));
  const files = Array.from({ length: processes }, (_, i) => join(folder, `${i}.txt`));
  try {
    const times = await Promise.all(files.map(workApart));
    const factor = Math.round(Math.max(...times) / REFERENCE_MS);
    return Math.min(CEILING, Math.max(FLOOR, factor));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} file @returns {Promise<number>} milliseconds */
async function workApart(file) {
  const child = spawn(process.execPath, [SELF, '--work', file], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return code === 0 ? Number(readFileSync(file, 'utf8')) : Infinity;
}

/** @returns {Promise<number>} milliseconds */
async function work() {
  const begun = performance.now();
  const bytes = Buffer.alloc(1 << 20);
  for (let hashed = 0; hashed < HASHED_BYTES; hashed += bytes.length) {
    createHash('sha256').update(bytes).digest();
  }
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const client = connect({ port, host: '127.0.0.1', noDelay: true });
  for (let trips = 0; trips < ROUND_TRIPS; trips += 1) {
    client.write('x');
    await once(client, 'data');
  }
  client.destroy();
  server.close();
  return performance.now() - begun;
}

if (process.argv[1] === SELF) {
  const { values } = parseArgs({
    options: {
      processes: { type: 'string', default: String(availableParallelism()) },
      work: { type: 'string' },
    },
  });
  if (values.work === undefined) {
    console.log(await measureSlowness(Number(values.processes)));
  } else {
    writeFileSync(values.work, String(await work()));
    process.exit(0);
  }
}
