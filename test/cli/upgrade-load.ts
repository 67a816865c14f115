/** A program that is upgraded by SIGUSR2 again and again, while connections keep coming: nobody may notice. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'vitest';
import { createReactor } from '../../src/index.js';
import { ConnectionLoad } from '../handover/connection-load.js';
import { PATIENCE, Pulse } from '../support/deadline.js';
import { RunFolder, RunningProgram } from './run-program.js';

const { href: APPLICATION } = new URL('../../dist/application/index.js', import.meta.url);

/** Echoes on the endpoint that is its argument. */
export const DRAINED_ECHO = `
import { serviceFromString } from '${APPLICATION}';
const echo = () => ({ dataReceived(data, transport) { transport.write(data); } });
export default (reactor, [endpoint = 'tcp:0:interface=127.0.0.1']) =>
  serviceFromString(reactor, endpoint, echo);
`;

export async function upgradeUnderLoad(upgrades: number, perSecond: number): Promise<void> {
  using folder = new RunFolder();
  const args = ['--reactor', 'native', '--drain', '600', '--pid-file', folder.pidFile];
  await using program = await RunningProgram.start([...args, folder.write(DRAINED_ECHO)]);
  await using reactor = createReactor({ kind: 'native' });
  const load = new ConnectionLoad(reactor, { port: program.port, perSecond, staying: 10 });
  const pids = [program.pid];
  try {
    load.start();
    for (let count = 1; count <= upgrades; count++) {
      process.kill(pids.at(-1) as number, 'SIGUSR2');
      pids.push(await program.started(count + 1));
      const taken = new RegExp(`process ${pids.at(-1)} has taken over`);
      await program.printed(taken);
    }
    load.stop();
    const pulse = new Pulse();
    const poll = setInterval(() => pulse.notify(), 20);
    await pulse.until(() => load.open === 0, 'all connections to end', 20_000 * PATIENCE);
    clearInterval(poll);
    const { counts } = load;
    console.log(`${upgrades} upgrades: ${JSON.stringify(counts)}`);
    expect(counts).toMatchObject({ refused: 0, broken: 0, wrong: 0 });
    expect(counts.completed).toBe(counts.started);
    expect(counts.bytesBack).toBe(counts.bytesSent);
    expect(counts.started).toBeGreaterThan(10);
    process.kill(pids.at(-1) as number, 'SIGTERM');
    // The pipes of the first process are those of all.
    const { code, stdout, stderr } = await program.result(20_000 * PATIENCE);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/stopped: \d+ connections finished, 0 aborted/g)).toHaveLength(
      upgrades + 1,
    );
    expect(new Set(pids).size).toBe(upgrades + 1);
    expect(folder.names).toEqual(['program.mjs']);
  } finally {
    load.stop();
  }
}

/** Echoes datagrams, with the address that they were sent to: an adopted socket has the same options. */
const DATAGRAM_ECHO = `
export default (reactor) => {
  let port;
  return {
    name: 'datagrams',
    startService() {
      const options = { interface: '127.0.0.1', receiveBufferBytes: 4_194_304, packetInfo: true };
      port = reactor.listenUDP(0, (data, from, transport, details) => {
        transport.write(\`\${details?.destination} \${data}\`, from);
      }, options);
    },
    stopService: () => port.stopListening(),
  };
};
`;
/** Datagrams without an answer: more would overflow the buffers of the system. */
const MOST_OPEN = 256;

/** Sends numbered datagrams while the program is upgraded. Each must be answered exactly once. */
export async function upgradeUnderDatagrams(upgrades: number, perSecond: number): Promise<void> {
  using folder = new RunFolder();
  const args = ['--reactor', 'native', folder.write(DATAGRAM_ECHO)];
  await using program = await RunningProgram.start(args);
  const client = createSocket('udp4');
  client.bind(0, '127.0.0.1');
  await once(client, 'listening');
  const answers: number[] = [];
  const pulse = new Pulse();
  const wrong: string[] = [];
  let sent = 0;
  let open = 0;
  client.on('message', (data) => {
    const [destination, number] = data.toString().split(' ');
    if (destination !== '127.0.0.1') wrong.push(data.toString());
    answers[Number(number)] = (answers[Number(number)] ?? 0) + 1;
    open -= 1;
    pulse.notify();
  });
  const timer = setInterval(() => {
    for (let i = 0; i < perSecond / 100 && open < MOST_OPEN; i++, sent++, open++) {
      client.send(String(sent), program.port, '127.0.0.1');
    }
  }, 10);
  try {
    let pid = program.pid;
    for (let count = 1; count <= upgrades; count++) {
      process.kill(pid, 'SIGUSR2');
      pid = await program.started(count + 1);
      await program.printed(new RegExp(`process ${pid} has taken over`));
    }
    clearInterval(timer);
    await pulse.until(
      () => open <= 0,
      () => `answers to ${open} of ${sent} datagrams`,
      20_000 * PATIENCE,
    );
    console.log(`${upgrades} upgrades: ${sent} datagrams`);
    expect(wrong).toEqual([]);
    expect(answers).toEqual(new Array(sent).fill(1));
    expect(sent).toBeGreaterThan(100);
    process.kill(pid, 'SIGTERM');
    const { stderr } = await program.result(20_000 * PATIENCE);
    expect(stderr).toBe('');
  } finally {
    clearInterval(timer);
    client.close();
  }
}
