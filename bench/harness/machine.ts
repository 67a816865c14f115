// What the figures were measured on. Nothing here names the host or its folders.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { REPOSITORY } from './paths.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly virtual: boolean;
  readonly node: string;
  /** Of the repository, with `+` when the work tree differs from it; undefined outside of git. */
  readonly commit: string | undefined;
  /** Load average of the last minute, before the run; undefined in older results. */
  readonly load?: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    virtual: isVirtual(),
    node: process.version,
    commit: commit(),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** Above this load a core, other programs take time from the server or the client. */
const BUSY_LOAD_PER_CORE = 0.5;

/** Why the figures of this machine are not to be trusted, or undefined. */
export function busyWarning({ load, cores }: Machine): string | undefined {
  if (load === undefined || load <= BUSY_LOAD_PER_CORE * cores) return undefined;
  return (
    `The machine was busy before the run (load average ${load} on ${cores} cores): ` +
    'the figures are unreliable. Measure again on an idle machine.'
  );
}

/** The machine, as a phrase for reports. */
export function descriptionOf(machine: Machine): string {
  const where = machine.virtual ? ' (virtual machine)' : '';
  return (
    `${machine.cpu}, ${machine.cores} cores${where}, ${machine.memoryGiB} GiB, ` +
    `${machine.kernel}, Node ${machine.node}`
  );
}

/** How many descriptors one process may hold; children inherit it. */
export function descriptorLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Number(line?.[1] ?? 1_024);
}

function isVirtual(): boolean {
  return type() === 'Linux' && / hypervisor /.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

function commit(): string | undefined {
  try {
    const hash = git('rev-parse', '--short=12', 'HEAD');
    return git('status', '--porcelain') === '' ? hash : `${hash}+`;
  } catch {
    return undefined;
  }
}

function git(...args: string[]): string {
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  return execFileSync('git', ['-C', REPOSITORY, ...args], { stdio })
    .toString()
    .trim();
}
