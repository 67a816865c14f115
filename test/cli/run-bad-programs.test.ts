/** Programs that fail in `ropewalk run`: the message, the exit code, and that nothing is left behind. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { ECHO, MAIN, RunFolder, RunningProgram } from './run-program.js';

const POSIX = process.platform !== 'win32';
const { href: APPLICATION } = new URL('../../dist/application/index.js', import.meta.url);

/** A service with a UNIX socket, in the folder of the program, that has `code` in its start. */
function withSocket(folder: RunFolder, code: string): string {
  return folder.write(`
    import { MultiService, serviceFromString, serviceOf } from '${APPLICATION}';
    const protocol = () => ({ dataReceived() {} });
    export default (reactor) => {
      const service = new MultiService();
      service.addService(serviceFromString(reactor, 'unix:${folder.file('socket')}', protocol));
      service.addService(serviceOf({ start() { console.log('starting'); ${code} }, stop() {} }));
      return service;
    };
  `);
}

function start(folder: RunFolder, ...args: string[]): Child {
  return new Child(MAIN, ['run', '--pid-file', folder.pidFile, ...args]);
}

describe.runIf(POSIX)('a program that fails after its start', () => {
  it.each([
    ['throws', 'setTimeout(() => { throw new Error("late"); }, 1);', 'Error: late'],
    [
      'has a rejection',
      'setTimeout(() => { Promise.reject(new Error("late")); }, 1);',
      'Error: late',
    ],
    ['exits by itself', 'setTimeout(() => process.exit(3), 1);', ''],
  ])('leaves nothing behind if it %s', async (what, code, message) => {
    using folder = new RunFolder();
    await using program = start(folder, withSocket(folder, code));
    const result = await program.result();
    expect(result.code).toBe(what === 'exits by itself' ? 3 : 1);
    expect(result.stderr).toContain(message);
    // The file and line.
    if (message !== '') expect(result.stderr).toMatch(/program\.mjs:\d+/);
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('leaves nothing behind if its start fails after a port is open', async () => {
    using folder = new RunFolder();
    await using program = start(folder, withSocket(folder, 'throw new Error("no settings");'));
    const { code, stderr } = await program.result();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ropewalk: cannot start \S+program\.mjs: Error: no settings\n/);
    expect(stderr).toMatch(/program\.mjs:\d+/);
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('ends the program of procmon too', async () => {
    needs('descriptors');
    await using program = new Child(MAIN, ['procmon', 'sh', '-c', 'echo "pid $$"; sleep 600']);
    const [, pid] = await program.printed(/pid (\d+)/);
    program.process.kill('SIGTERM');
    await program.result();
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });
});

const NEVER = 'new Promise(() => {})';
/** Keeps the process alive. */
const BUSY = 'setInterval(() => {}, 1000);';

describe.runIf(POSIX)('a start that never ends', () => {
  const programs: [string, (folder: RunFolder) => string][] = [
    ['of the module', (folder) => folder.write(`${BUSY} console.log('starting'); await ${NEVER};`)],
    [
      'of the function',
      (folder) =>
        folder.write(`${BUSY} export default () => { console.log('starting'); return ${NEVER}; };`),
    ],
    ['of a service', (folder) => withSocket(folder, `${BUSY} return ${NEVER};`)],
  ];

  it.each(programs)('is ended by --start-timeout: %s', async (_what, write) => {
    using folder = new RunFolder();
    const file = write(folder);
    await using program = start(folder, '--start-timeout', '0.3', '--drain', '0.1', file);
    const { code, stderr } = await program.result();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `ropewalk: cannot start ${file}: it has not started within 0.3 s (--start-timeout)\n`,
    });
    expect(folder.names).toEqual(['program.mjs']);
  });

  it.each(programs)('is ended by SIGTERM: %s', async (_what, write) => {
    using folder = new RunFolder();
    await using program = start(folder, '--drain', '0.1', write(folder));
    await program.printed(/starting/);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('is ended by a second SIGTERM within the time of --drain', async () => {
    using folder = new RunFolder();
    const file = withSocket(folder, `${BUSY} return ${NEVER};`);
    await using program = start(folder, '--drain', '600', file);
    await program.printed(/starting/);
    program.process.kill('SIGTERM');
    await program.printed(/SIGTERM: draining/);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM' });
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('is an error if nothing can end it', async () => {
    using folder = new RunFolder();
    const file = folder.write(`export default () => ${NEVER};`);
    await using program = start(folder, file);
    const { code, stderr } = await program.result();
    expect([code, stderr]).toEqual([
      1,
      `ropewalk: cannot start ${file}: it waits for a promise that nothing will settle\n`,
    ]);
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('has no limit with 0, and the limit ends with the start', async () => {
    using folder = new RunFolder();
    const args = ['--start-timeout', '0', folder.write(ECHO)];
    await using program = await RunningProgram.start(args);
    expect(await program.ask('hello')).toBe('hello');
  });
});

describe.runIf(POSIX)('a program with timers', () => {
  it.each([
    ['lacks a default export', 2, 'export const x = 1;'],
    ['fails', 1, 'export default () => { throw new Error("no"); };'],
    [
      'fails at its start',
      1,
      'export default () => ({ startService() { throw 1; }, stopService() {} });',
    ],
  ])('ends if it %s', async (_what, code, text) => {
    using folder = new RunFolder();
    await using program = start(folder, folder.write(`${BUSY} ${text}`));
    expect(await program.result()).toMatchObject({
      code,
      stderr: expect.stringMatching(/^ropewalk: /),
    });
    expect(folder.names).toEqual(['program.mjs']);
  });
});

describe.runIf(process.platform === 'linux')('workers of ropewalk run', () => {
  const args = ['--reactor', 'native', '--workers', '2'];

  it('end at --start-timeout if they do not start', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const file = folder.write(`${BUSY} export default () => ${NEVER};`);
    await using program = start(folder, ...args, '--start-timeout', '0.5', file);
    const { code, stderr } = await program.result();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^ropewalk: cannot start \S*: it has not started within 0\.5 s \(--start-timeout\)\n$/,
    );
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('stop draining at a second SIGTERM', async () => {
    needs('descriptors');
    using folder = new RunFolder();
    const file = folder.write(`
      import { serviceFromString } from '${APPLICATION}';
      const echo = () => ({ dataReceived(data, transport) { transport.write(String(process.pid)); } });
      export default (reactor) => serviceFromString(reactor, 'tcp:0:interface=127.0.0.1', echo);
    `);
    const run = ['--pid-file', folder.pidFile, ...args, '--drain', '600', file];
    await using program = await RunningProgram.start(run);
    await program.printed(/workers started/);
    await using peer = await RawPeer.connect(program.port);
    peer.write('x');
    await peer.until(() => peer.text !== '', 'the number of the worker');
    const worker = Number(peer.text);
    program.process.kill('SIGTERM');
    await program.printed(/worker \d: draining/);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    await peer.until(() => peer.closed || peer.ended, 'the connection to be closed');
    expect(existsSync(`/proc/${worker}`)).toBe(false);
    expect(folder.names).toEqual(['program.mjs']);
  });
});
