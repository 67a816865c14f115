// Relays 1 GiB through each SOCKS proxy, interleaved, and prints the CPU time that the proxy took (proc_pid_stat(5), Linux):
// `node bench/load/socks/measure.mjs [RUNS]`. microsocks and danted are measured if they are installed.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BYTES = 2 ** 30;
const CHUNK = Buffer.alloc(64 * 1024, 'relayed ');
const LIMIT_MS = 60_000;
const runs = Number(process.argv[2] ?? 5);
const folder = mkdtempSync(join(tmpdir(), 'socks-'));
const own = (name, ...args) => {
  return [process.execPath, fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), ...args];
};
const port = await freePort();
const dante = join(folder, 'danted.conf');
const rule = '{ from: 127.0.0.0/8 to: 127.0.0.0/8 }';
writeFileSync(
  dante,
  `logoutput: /dev/null\ninternal: 127.0.0.1 port = ${port}\nexternal: 127.0.0.1\nclientmethod: none
socksmethod: none\nuser.unprivileged: nobody\nclient pass ${rule}\nsocks pass ${rule}\n`,
);
const contenders = {
  'ropewalk native': own('ropewalk', '--port', port),
  'ropewalk node': own('ropewalk', '--reactor', 'node', '--port', port),
  'node:net pipes': own('node-net', '--port', port),
  microsocks: ['microsocks', '-i', '127.0.0.1', '-p', String(port)],
  danted: ['danted', '-f', dante],
};

/** Called when all bytes of a relay have arrived. */
let arrived = () => {};
const sink = net.createServer((socket) => {
  let received = 0;
  socket.on('error', () => {});
  socket.on('data', (data) => {
    received += data.length;
    if (received === BYTES) arrived();
  });
});
sink.listen(0, '127.0.0.1');
await once(sink, 'listening');

const results = new Map();
try {
  for (let run = 0; run < runs; run++) {
    for (const [name, [file, ...args]] of Object.entries(contenders)) {
      if (spawnSync('sh', ['-c', `command -v ${file}`]).status !== 0) continue;
      const proxy = spawn(file, args.map(String), { stdio: ['pipe', 'ignore', 'ignore'] }); // contenders end with their input
      try {
        const seconds = await measured(proxy);
        results.set(name, [...(results.get(name) ?? []), seconds]);
      } finally {
        proxy.kill('SIGTERM');
        if (proxy.exitCode === null && proxy.signalCode === null) await once(proxy, 'exit');
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
  sink.close();
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const baseline = median(results.get('node:net pipes'));
for (const [name, list] of results) {
  const seconds = median(list);
  const all = list.map((value) => value.toFixed(2)).join(' ');
  console.log(
    `${name}: ${seconds.toFixed(2)} s CPU, ${(seconds / baseline).toFixed(2)} x node:net (${all})`,
  );
}

async function measured(proxy) {
  await accepting();
  const before = cpuSeconds(proxy.pid);
  await relay();
  return cpuSeconds(proxy.pid) - before;
}

async function relay() {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('the relay stands still')));
  socket.write(Buffer.from([5, 1, 0]));
  await once(socket, 'data');
  const target = sink.address().port;
  socket.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255]));
  await once(socket, 'data');
  const all = new Promise((resolve, reject) => {
    arrived = resolve;
    socket.on('error', reject);
  });
  for (let sent = 0; sent < BYTES; sent += CHUNK.length) {
    if (!socket.write(CHUNK)) await once(socket, 'drain');
  }
  await all;
  socket.destroy();
}

/** Of a process and its children. */
function cpuSeconds(pid) {
  const own = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const children = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && parentOf(name) === pid,
  );
  const seconds = (Number(own[11]) + Number(own[12])) / 100;
  return children.reduce((sum, child) => sum + cpuSeconds(Number(child)), seconds);
}

function parentOf(pid) {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[1],
    );
  } catch {
    return -1; // it has just ended
  }
}

async function accepting() {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const made = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (made) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the proxy does not listen');
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}
