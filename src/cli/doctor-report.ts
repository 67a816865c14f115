/** The findings of `ropewalk doctor` about this machine. Items that a platform lacks are left out. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { release } from 'node:os';

import { AddonNotLoadedError, UnsupportedError } from '../core/errors/reactor.js';
import { findAddon } from '../native.js';
import { type Libc, libcOf } from '../native-files.js';
import { createReactor } from '../reactor/create-reactor.js';
import { POLLER_CHOICES } from '../reactor/poller-choice.js';
import { nativeTLSReport } from '../tls/native-tls.js';
import { type DoctorAdvice, type DoctorLimits, limitAdvice } from './doctor-advice.js';

export interface DoctorReport {
  readonly version: string;
  /** `linux-x64`. */
  readonly platform: string;
  readonly system: string;
  readonly libc?: Libc;
  /** `Node.js v22.1.0`. */
  readonly engine: string;
  /** The reactor that is used if `ROPEWALK_REACTOR` is not set. */
  readonly reactor: 'native' | 'node';
  /** The value of `ROPEWALK_REACTOR`, if it is set. */
  readonly chosen?: string;
  /** The file of the addon. */
  readonly addon?: string;
  /** Why the native reactor is not available. */
  readonly problem?: string;
  /** Files that could not be loaded as the addon. */
  readonly attempts: readonly { readonly file: string; readonly error: string }[];
  /** Pollers of the native reactor; the first is the one of `auto`. */
  readonly pollers: readonly string[];
  /** Why a poller of this platform does not work. */
  readonly pollerProblem?: string;
  /** The engine of TLS that contexts use by default. */
  readonly tls: 'native' | 'node';
  /** Of the OpenSSL that the native engine uses. */
  readonly tlsVersion?: string;
  /** Why the native engine is not available. */
  readonly tlsProblem?: string;
  readonly ipv6Loopback: boolean;
  /** libuv's pool, for files, and for name look-ups of the pure-JS reactor. */
  readonly threadPoolThreads: number;
  readonly limits: DoctorLimits;
  readonly advice: readonly DoctorAdvice[];
}

export async function examine(version: string): Promise<DoctorReport> {
  const limits = readLimits();
  const libc = libcOf();
  const addon = examineAddon();
  return {
    version,
    platform: `${process.platform}-${process.arch}`,
    system: release(),
    ...(libc && { libc }),
    engine: engineName(),
    ...addon.found,
    ...(process.env.ROPEWALK_REACTOR && { chosen: process.env.ROPEWALK_REACTOR }),
    ...(await tryPollers()),
    ...examineTLS(),
    ipv6Loopback: await listensOn('::1'),
    threadPoolThreads: Number(process.env.UV_THREADPOOL_SIZE) || 4,
    limits,
    advice: [...addon.advice, ...limitAdvice(limits)],
  };
}

type AddonFindings = Pick<DoctorReport, 'reactor' | 'addon' | 'problem' | 'attempts'>;

function examineAddon(): { found: AddonFindings; advice: DoctorAdvice[] } {
  try {
    const { file, attempts } = findAddon();
    return { found: { reactor: 'native', addon: file, attempts: shown(attempts) }, advice: [] };
  } catch (error) {
    if (!(error instanceof AddonNotLoadedError)) throw error;
    const { message: problem, attempts } = error;
    return {
      found: { reactor: 'node', problem, attempts: shown(attempts) },
      advice: [{ why: 'to use the native reactor', what: error.advice }],
    };
  }
}

function shown(attempts: AddonNotLoadedError['attempts']): DoctorReport['attempts'] {
  return attempts.map(({ file, error }) => {
    const missing = (error as { code?: unknown }).code === 'MODULE_NOT_FOUND';
    return { file, error: missing ? 'no such file' : error.message };
  });
}

function engineName(): string {
  const { bun, deno, electron } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  const node = `Node.js ${process.version}`;
  return electron === undefined ? node : `Electron ${electron} (${node})`;
}

async function tryPollers(): Promise<Pick<DoctorReport, 'pollers' | 'pollerProblem'>> {
  const pollers: string[] = [];
  let pollerProblem: string | undefined;
  for (const poller of POLLER_CHOICES) {
    try {
      await using reactor = createReactor({ kind: 'native', poller });
      if (!pollers.includes(reactor.poller)) pollers.push(reactor.poller);
    } catch (error) {
      if (error instanceof AddonNotLoadedError || error instanceof UnsupportedError) continue;
      pollerProblem ??= `${poller}: ${(error as Error).message}`;
    }
  }
  return { pollers, ...(pollerProblem !== undefined && { pollerProblem }) };
}

function examineTLS(): Pick<DoctorReport, 'tls' | 'tlsVersion' | 'tlsProblem'> {
  const { available, version, reason } = nativeTLSReport();
  return available ? { tls: 'native', tlsVersion: version } : { tls: 'node', tlsProblem: reason };
}

/** Uses Node's own server rather than a reactor's: this tests the system. */
async function listensOn(address: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(0, address);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

function readLimits(): DoctorLimits {
  const openFiles = /^Max open files\s+(\S+)\s+(\S+)/m.exec(contents('/proc/self/limits') ?? '');
  const ports = numbers('net/ipv4/ip_local_port_range');
  const found = {
    openFiles: numberOf(openFiles?.[1]),
    openFilesHard: numberOf(openFiles?.[2]),
    openFilesMax: numbers('fs/nr_open')[0],
    acceptQueue: numbers('net/core/somaxconn')[0],
    localPorts: ports.length === 2 ? ports : undefined,
    migrateRequests: numbers('net/ipv4/tcp_migrate_req')[0],
    receiveBufferBytes: numbers('net/core/rmem_max')[0],
    sendBufferBytes: numbers('net/core/wmem_max')[0],
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** @param path Below /proc/sys. */
function numbers(path: string): number[] {
  return (contents(`/proc/sys/${path}`) ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(text);
}

function contents(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
