// Runs danted as a SOCKS proxy for this machine, without a log. Its CPU time is that of this process's children.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, runPeer } from '../peer-program.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-bench-dante-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const port = await freePort();
const file = join(folder, 'danted.conf');
const rule = '{ from: 127.0.0.0/8 to: 127.0.0.0/8 }';
writeFileSync(
  file,
  `logoutput: /dev/null
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.unprivileged: nobody
client pass ${rule}
socks pass ${rule}
`,
);
await runPeer(port, 'danted', ['-f', file]);
