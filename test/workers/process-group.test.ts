import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { within } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';

const PROGRAM = new URL('./programs/process-group.ts', import.meta.url);

async function started(): Promise<{ program: Child; port: number; pids: number[] }> {
  needs('sharedPorts');
  const program = new Child(PROGRAM);
  const [, port] = await program.printed(/^port (\d+)\n/m);
  const pids = [...program.stdout.matchAll(/^started \d (\d+)$/gm)].map(([, pid]) => Number(pid));
  expect(pids).toHaveLength(2);
  return { program, port: Number(port), pids };
}

/** As many connections as it takes for each worker to have some. */
async function connections(port: number): Promise<RawPeer[]> {
  const peers = Array.from({ length: 20 }, () => RawPeer.connect(port));
  return Promise.all(peers);
}

async function closeAll(peers: readonly RawPeer[]): Promise<void> {
  for (const peer of peers) await peer[Symbol.asyncDispose]();
}

async function untilRefused(port: number): Promise<void> {
  for (;;) {
    try {
      const peer = await RawPeer.connect(port);
      await peer.untilGone();
      await peer[Symbol.asyncDispose]();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ECONNREFUSED') return;
      if (code !== 'ECONNRESET') throw error;
    }
  }
}

describe('a program with worker processes', () => {
  it('ends them when it is killed', async () => {
    const { program, port } = await started();
    await using _program = program;
    const peers = await connections(port);
    program.process.kill('SIGKILL');
    for (const peer of peers) await peer.untilGone();
    await closeAll(peers);
    // Connections are lost before the listening socket is gone: it may be asked again.
    await within(untilRefused(port), 'nobody to listen any more');
  });

  it('decides about Ctrl-C, which reaches all processes of the terminal', async () => {
    const { program, port, pids } = await started();
    await using _program = program;
    const [peer, ...others] = await connections(port);
    await closeAll(others);
    for (const pid of pids) process.kill(pid, 'SIGINT');
    program.process.kill('SIGINT');
    await program.printed(/^exited \d \d+\n/m); // the one without a connection
    peer?.write('still here');
    await peer?.receive('still here'.length);
    peer?.end();
    const { code, signal, stdout } = await program.result();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stdout).toMatch(/stopped\n$/);
    await peer?.[Symbol.asyncDispose]();
  });

  it('prints the exception of a worker, and continues', async () => {
    const { program, port } = await started();
    await using _program = program;
    await using peer = await RawPeer.connect(port);
    peer.write('throw');
    await peer.untilGone();
    await program.printed(/(?:^ready .*\n(?:.*\n)*){3}/m);
    await using again = await RawPeer.connect(port);
    again.write('hello');
    await again.receive(5);
    await again[Symbol.asyncDispose]();
    program.process.kill('SIGINT');
    const { code, stderr } = await program.result();
    expect(code).toBe(0);
    expect(stderr).toContain('Error: as told');
    expect(stderr).toMatch(/^ropewalk: worker \d: WorkerExitedError: .*\(exit code 1\)/m);
  });
});
