/** The programs of docs/howto/services.md and deployment.md. */

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RunningProgram } from '../cli/run-program.js';
import { Child } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('the service (%s)', (kind) => {
  it.skipIf(process.platform === 'win32')('reloads at SIGHUP and drains at SIGTERM', async () => {
    const args = ['--port', '0', '--health-port', '0'];
    await using server = new Child(exampleUrl('service'), args, on(kind));
    const [, port] = await server.printed(/started on 127\.0\.0\.1:(\d+)\n/);
    await using peer = await RawPeer.connect(Number(port));
    peer.write('hello');
    await peer.receive(5);
    server.process.kill('SIGHUP');
    await server.printed(/reading the settings\nreloaded\n/);
    server.process.kill('SIGTERM');
    await peer.until(() => peer.ended, 'the end of the connection');
    expect(peer.text).toBe('helloThe server is going down.\n');
    await peer[Symbol.asyncDispose]();
    const { signal, stdout, stderr } = await server.result();
    expect({ signal, stderr }).toEqual({ signal: 'SIGTERM', stderr: '' });
    expect(stdout).toMatch(/draining\nstopped\n1 connections finished, 0 aborted\n$/);
  });

  it.skipIf(process.platform === 'win32')('runs by the command, from its TypeScript', async () => {
    const file = fileURLToPath(exampleUrl('run-echo'));
    await using program = await RunningProgram.start(['--reactor', kind, file, '--port', '0']);
    expect(await program.ask('hello')).toBe('hello');
    await program.printed(/\[echo#info\] 127\.0\.0\.1:\d+ connected/);
    program.process.kill('SIGTERM');
    await program.result();
  });
});
