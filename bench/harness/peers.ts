// Installs peers: those of Debian by apt-get, those of npm into bench/.peers.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS } from './paths.js';

const DEBIAN_PACKAGES = [
  'python3-twisted',
  'python3-uvloop',
  'ruby-eventmachine',
  'nginx-light',
  'nghttp2-server',
  'microsocks',
  'dante-server',
];
const NPM_PACKAGES = [
  '@oven/bun-linux-x64@1.4.5',
  '@trufflesuite/uws-js-unofficial@20.30.0-unofficial.0',
  'fastify@5.12.8',
];

/** Installs all that are available; returns whether none is missing. */
export async function installPeers(say: (text: string) => void): Promise<boolean> {
  mkdirSync(PEERS, { recursive: true });
  writeFileSync(join(PEERS, 'package.json'), '{ "private": true }\n');
  const steps = [
    ['apt-get', 'update', '-q'],
    ['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...DEBIAN_PACKAGES],
    ['npm', 'install', '--no-audit', '--no-fund', '--prefix', PEERS, ...NPM_PACKAGES],
  ];
  let all = true;
  for (const [program = '', ...args] of steps) {
    say(`${program} ${args.join(' ')}`);
    const status = await statusOf(program, args);
    if (status !== 0) {
      all = false;
      say(`${program} ended with ${status}; its peers will be skipped`);
    }
  }
  return all;
}

async function statusOf(program: string, args: readonly string[]): Promise<number | string> {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const [status] = await once(child, 'close');
    return status as number;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
