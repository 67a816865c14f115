// Runs nghttpd with one worker, which serves a file. Its CPU time is that of this process's child.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readArguments } from '../contender.mjs';
import { HELLO } from '../http/service.mjs';
import { freePort, runPeer } from '../peer-program.mjs';

readArguments();
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-bench-nghttpd-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'index.html'), HELLO);

const port = await freePort();
const root = ['--htdocs', folder];
await runPeer(port, 'nghttpd', ['--no-tls', '--address', '127.0.0.1', ...root, String(port)]);
