/** docs/howto/scaling-out.md: HAProxy in front of two programs, with Redis or NATS between them; and the job queue, with Redis. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunningProgram } from '../../cli/run-program.js';
import { exampleUrl } from '../../examples/programs.js';
import { ChatClient, EventClient } from '../../pubsub/chat-client.js';
import { Child } from '../../support/child.js';
import { contract } from '../../support/contract.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { startHAProxy } from '../fronts.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { natsServer, redisServer } from './servers.js';

const PAGE = readFileSync(new URL('../../../docs/howto/scaling-out.md', import.meta.url), 'utf8');
let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => {
  files.remove();
});

/** The lines of the page's backend that name no server. */
function settings(): string[] {
  const backend = /\nbackend chat\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
  const lines = backend.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('server '));
}

const CHECK = /server one \S+ (.*)\n/.exec(PAGE)?.[1] ?? '';

const BROKERS = [
  { name: 'redis', program: 'redis-server', make: () => redisServer() },
  { name: 'nats', program: 'nats-server', make: () => natsServer() },
];

contract(
  'HAProxy in front of two programs',
  (rig) => {
    it.each(BROKERS)('with $name between them, one killed', async ({ name, program, make }) => {
      if (!havePrograms('haproxy', program)) return;
      const broker = rig.use(await make());
      const file = fileURLToPath(exampleUrl('scaled-chat'));
      const args = [file, '--port', '0', `--${name}`, broker.address];
      const one = rig.use(await RunningProgram.start(args));
      const two = rig.use(await RunningProgram.start(args));
      const lines = [...settings(), `server two 127.0.0.1:${two.port} ${CHECK}`];
      const server = `127.0.0.1:${one.port} ${CHECK}`;
      const front = await startHAProxy(rig, files, 'http', server, '', lines);
      const clients = [
        await ChatClient.join(rig.reactor, front),
        await ChatClient.join(rig.reactor, front),
      ] as const;
      expect(new Set(clients.map(({ pid }) => pid)).size, 'leastconn').toBe(2);
      using events = await EventClient.open(front);
      // Whichever process has the stream, its subscription is ready when a message arrives.
      while (!events.text.includes('data: ready')) {
        clients[0].say('ready');
        await new Promise((resolve) => void setTimeout(resolve, 20));
      }
      clients[0].say('hello');
      for (const client of [...clients, events]) await client.has('hello');
      const [killed, other] = clients[0].pid === one.pid ? [one, clients[1]] : [two, clients[1]];
      killed.process.kill('SIGKILL');
      await clients[0].ended();
      const again = rig.use(await ChatClient.join(rig.reactor, front));
      expect(again.pid).toBe(other.pid);
      again.say('back');
      await other.has('back');
      await other[Symbol.asyncDispose]();
    });
  },
  ONE_POLLER,
);

it.skipIf(!havePrograms('redis-server'))(
  'job-queue gives the job of a killed worker to another',
  async () => {
    await using server = await redisServer();
    const url = exampleUrl('job-queue');
    const redis = ['--redis', server.address];
    await using one = new Child(url, ['work', 'one', '--seconds', '600', ...redis]);
    await one.printed(/one is ready\n/);
    await using added = new Child(url, ['add', 'paint', ...redis]);
    expect((await added.result()).stdout).toMatch(/^paint is job \d+-\d+\n$/);
    one.process.kill('SIGKILL');
    await using two = new Child(url, ['work', 'two', '--seconds', '0', ...redis]);
    await two.printed(/two is ready\n/);
    await using more = new Child(url, ['add', 'sand', ...redis]);
    await more.result();
    await two.printed(/two: sand is done\n/);
    await two.printed(/two: paint is done\n/);
  },
);
