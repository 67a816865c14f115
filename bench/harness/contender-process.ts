// Starts the servers that are compared.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { Child } from './children.js';
import type { Contender, Mode, Service } from './contender.js';
import type { Where } from './load-client.js';
import { newSocketPath } from './socket-folder.js';

const run = promisify(execFile);

export interface RunningServer {
  readonly where: Where;
  readonly pid: number;
  /** Has it collect its garbage. */
  collect(): Promise<void>;
  end(): Promise<void>;
}

/** The version of an available contender, or why it is not available. */
export type Probe = { readonly version: string } | { readonly absent: string };

const START_DEADLINE_MS = 15_000;
export interface HowToStart {
  /** Undefined for any. */
  readonly core?: number | undefined;
  /** The port that a proxy connects to. */
  readonly target?: number | undefined;
  /** The folder that a file server serves. */
  readonly root?: string | undefined;
  /** Flags for Node, if it runs the server. */
  readonly nodeFlags?: readonly string[];
}

/**
 * Starts it as `service` in `mode`, and waits until it prints where it listens.
 * @throws Error if it has no such service or ends first; the message says why.
 */
export async function startServer(
  contender: Contender,
  service: Service,
  mode: Mode,
  { core, target, root, nodeFlags = [] }: HowToStart = {},
): Promise<RunningServer> {
  const program = contender.serves[service];
  if (program === undefined) throw new Error(`${contender.name} does not serve ${service}`);
  const flags = program[0] === process.execPath ? nodeFlags : [];
  // taskset replaces itself by the server, so the pid is the server's.
  const pin = core === undefined ? [] : ['taskset', '-c', String(core)];
  const at = service === 'unix' ? ['--path', newSocketPath()] : ['--port', '0'];
  const to = target === undefined ? [] : ['--target', `127.0.0.1:${target}`];
  const files = root === undefined ? [] : ['--root', root];
  const [executable = '', ...args] = program;
  const command = [...pin, executable, ...flags, ...args, '--mode', mode, ...at, ...to, ...files];
  const child = await Child.start(contender.name, command);
  try {
    const where = whereOf(await child.nextLine(START_DEADLINE_MS), contender);
    const collect = (): Promise<void> => collectIn(child, contender);
    return { where, pid: child.pid, collect, end: () => child.end() };
  } catch (error) {
    await child.end();
    throw error;
  }
}

/** @throws Error if it does not say that it has. */
async function collectIn(child: Child, { name, withoutGarbage }: Contender): Promise<void> {
  if (withoutGarbage) return;
  child.writeLine('collect');
  const line = await child.nextLine(START_DEADLINE_MS);
  if (line !== 'COLLECTED') throw new Error(`${name} said '${line}', not that it has collected`);
}

function whereOf(line: string, { name }: Contender): Where {
  const [, word, rest = ''] = /^(PORT|PATH) (.+)$/.exec(line) ?? [];
  if (word === 'PATH') return { path: rest };
  const port = Number(rest);
  if (word !== 'PORT' || !(port > 0))
    throw new Error(`${name} said '${line}', not where it listens`);
  return { port };
}

/** Whether it is available. An optional one is started once, as for a measurement. */
export async function probe(contender: Contender): Promise<Probe> {
  try {
    if (contender.optional) await startOnce(contender);
    const [program = '', ...args] = contender.versionCommand;
    const { stdout } = await run(program, args);
    return { version: stdout.trim() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { absent: reason.slice(0, 200) };
  }
}

async function startOnce(contender: Contender): Promise<void> {
  const [service, [program = ''] = []] = Object.entries(contender.serves)[0] ?? [];
  if (program.startsWith('/') && !existsSync(program)) throw new Error('not installed');
  const server = await startServer(contender, service as Service, 'echo');
  await server.end();
}
