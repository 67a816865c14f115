/** The units and the settings of HAProxy in docs/howto/deployment.md, with the programs that read them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAIN } from '../cli/run-program.js';
import { Child } from '../support/child.js';
import { contract } from '../support/contract.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { startHAProxy } from './fronts.js';
import { havePrograms, PeerFiles } from './peer-files.js';

const PAGE = readFileSync(new URL('../../docs/howto/deployment.md', import.meta.url), 'utf8');
const SERVICE = fileURLToPath(new URL('../../examples/finger-service.ts', import.meta.url));
let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => {
  files.remove();
});

function block(pattern: RegExp): string {
  const found = pattern.exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`the page has no ${pattern}`);
  return found;
}

it.skipIf(!havePrograms('systemd-analyze'))('systemd accepts the units', async () => {
  const socket = files.write('echo.socket', block(/```ini\n(\[Socket\][\s\S]*?)```/));
  const unit = block(/```ini\n(\[Unit\][\s\S]*?)```/).replace('/usr/bin/node', process.execPath);
  const service = files.write('echo.service', unit);
  const run = promisify(execFile);
  const { stderr } = await run('systemd-analyze', ['verify', service, socket]);
  expect(stderr).not.toMatch(/echo\.(service|socket):/);
});

contract(
  'HAProxy in front',
  (rig) => {
    it.skipIf(!havePrograms('haproxy'))(
      'sends its header, checks /readyz, and sends nothing to a program that drains',
      async () => {
        const any = 'tcp:0:interface=127.0.0.1';
        const proxied = 'haproxy:tcp\\:0\\:interface\\=127.0.0.1:trusted=127.0.0.0/8';
        const endpoints = ['--finger', proxied, '--finger-tls', any, '--web', any];
        const flags = ['run', '--unready', '60', '--drain', '5'];
        const program = rig.use(new Child(MAIN, [...flags, SERVICE, ...endpoints]));
        await program.printed(/started, process/);
        const port = (name: string): string =>
          new RegExp(`${name} on .*:(\\d+)$`, 'm').exec(program.stdout)?.[1] ?? '';
        const [check, settings] = [
          block(/backend echo\n\s+(option httpchk .*)\n/),
          block(/server one \S+ check port \d+ (.*)\n/),
        ];
        const server = `127.0.0.1:${port('finger')} check port ${port('web')} ${settings}`;
        const front = await startHAProxy(rig, files, 'tcp', server, '', [check]);
        const ask = async (): Promise<string> => {
          await using peer = await RawPeer.connect(front);
          peer.write('ada\r\n');
          await peer.untilGone();
          return peer.text;
        };
        expect(await ask()).toMatch(/^Ada writes/);
        program.process.kill('SIGTERM');
        await program.printed(/SIGTERM/);
        // The ports stay open: the check of HAProxy decides.
        const answers: string[] = [];
        const deadline = Date.now() + 10_000;
        while (answers.at(-1) !== '' && Date.now() < deadline) answers.push(await ask());
        expect(answers.at(-1)).toBe('');
        for (const answer of answers.slice(0, -1)) expect(answer).toMatch(/^Ada writes/);
      },
    );
  },
  ONE_POLLER,
);
