/** A PostgreSQL server in a folder of its own, on a UNIX socket there. */
import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VERSIONS = '/usr/lib/postgresql';

/** The folder of the programs of the newest version; undefined if there is none. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number) : [];
  const newest = versions.sort((a, b) => b - a).find((version) => existsSync(at(version)));
  return newest === undefined ? undefined : join(VERSIONS, `${newest}`, 'bin');
}

const at = (version: number): string => join(VERSIONS, `${version}`, 'bin/postgres');

export class PostgresServer {
  /** Of the socket: the `host` of its clients. */
  readonly folder: string = mkdtempSync(join(tmpdir(), 'ropewalk-pg-'));
  readonly #programs: string;
  readonly #identity: SpawnOptions;
  #child: ReturnType<typeof spawn> | undefined;

  constructor(programs: string) {
    this.#programs = programs;
    this.#identity = postgresIdentity(this.folder);
    const options = ['-D', this.#data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'];
    execFileSync(join(programs, 'initdb'), options, { ...this.#identity, stdio: 'ignore' });
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  /** Fulfilled when it accepts connections. */
  async start(): Promise<void> {
    const args = ['-D', this.#data, '-k', this.folder, '-h', '', '-F'];
    const child = spawn(join(this.#programs, 'postgres'), args, {
      ...this.#identity,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`PostgreSQL ended:\n${log}`)));
      child.stderr?.on('data', (text) => {
        log += text;
        if (log.includes('ready to accept connections')) resolve();
      });
    });
  }

  /** @param signal `SIGINT`: its connections are ended. `SIGQUIT`: like a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Ends it without waiting, when this process exits. */
  abandon(): void {
    this.#child?.kill('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** PostgreSQL does not run as root. */
function postgresIdentity(folder: string): SpawnOptions {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  ) as [number, number];
  chownSync(folder, uid, gid);
  return { uid, gid, cwd: folder };
}
