/** Images of containers, made by buildah without a daemon, a registry or namespaces: of root alone, on Linux. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PeerFiles } from './peer-files.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

export const CAN_BUILD: boolean = process.platform === 'linux' && process.getuid?.() === 0;

/** buildah, with its images in the folder of the test. */
export class Buildah {
  readonly files: PeerFiles;

  constructor(files: PeerFiles) {
    this.files = files;
  }

  /** The arguments of a command; `run` needs the isolation `chroot`. */
  args(...args: string[]): string[] {
    const { files } = this;
    return ['--root', files.path('images'), '--runroot', files.path('run'), ...args];
  }

  /** @returns What it prints. */
  async do(...args: string[]): Promise<string> {
    const env = { ...process.env, BUILDAH_ISOLATION: 'chroot' };
    const { stdout } = await run('buildah', this.args(...args), { env });
    return stdout.trim();
  }

  /** Removes the containers, which unmounts them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.do('rm', '--all');
  }
}

/** An image with this node, its npm, a shell and the user `node`, in place of the official one. @param environment Of its programs. */
export async function makeNodeImage(
  buildah: Buildah,
  name: string,
  environment: readonly string[],
): Promise<void> {
  const container = await buildah.do('from', 'scratch');
  const root = buildah.files.path('base');
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(from, join(root, to));
  };
  put(process.execPath, 'bin/node');
  const { stdout } = await run('ldd', [process.execPath]);
  for (const [library] of stdout.matchAll(/\/\S+/g)) put(realpathSync(library), library);
  put('/bin/busybox', 'bin/sh');
  const npm = dirname(dirname(realpathSync((await run('which', ['npm'])).stdout.trim())));
  cpSync(npm, join(root, 'lib/npm'), { recursive: true, dereference: true });
  writeFileSync(join(root, 'bin/npm'), '#!/bin/sh\nexec /bin/node /lib/npm/bin/npm-cli.js "$@"\n');
  chmodSync(join(root, 'bin/npm'), 0o755);
  mkdirSync(join(root, 'etc'));
  const users = 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n';
  writeFileSync(join(root, 'etc/passwd'), users);
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  await buildah.do('copy', '--quiet', container, root, '/');
  const flags = ['PATH=/bin', ...environment].flatMap((one) => ['--env', one]);
  await buildah.do('config', ...flags, container);
  await buildah.do('commit', '--quiet', container, name);
  await buildah.do('rm', container);
}

/** A registry of npm with this package, packed with the local addon as a prebuild. */
export class PackageRegistry implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    if (request.url === '/ropewalk.tgz') response.end(this.#tarball);
    else response.writeHead(404).end();
  });
  readonly #tarball: Buffer;

  private constructor(tarball: Buffer) {
    this.#tarball = tarball;
  }

  static async start(files: PeerFiles): Promise<PackageRegistry> {
    const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', files.folder];
    const { stdout } = await run('npm', pack, { cwd: ROOT });
    await run('tar', ['-xzf', files.path(stdout.trim()), '-C', files.folder]);
    const prebuilds = files.path(`package/prebuilds/${process.platform}-${process.arch}`);
    mkdirSync(prebuilds, { recursive: true });
    copyFileSync(join(ROOT, 'build/Release/ropewalk.node'), join(prebuilds, 'ropewalk.node'));
    await run('tar', ['-czf', files.path('ropewalk.tgz'), '-C', files.folder, 'package']);
    const registry = new PackageRegistry(readFileSync(files.path('ropewalk.tgz')));
    await new Promise<void>((resolve) => {
      registry.#server.listen(0, '127.0.0.1', resolve);
    });
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The files package.json and package-lock.json of a project that depends on the package alone. */
  manifests(): { readonly manifest: string; readonly lock: string } {
    const dependencies = { ropewalk: '0.1.0' };
    const project = { name: 'echo', version: '1.0.0', type: 'module', dependencies };
    const integrity = `sha512-${createHash('sha512').update(this.#tarball).digest('base64')}`;
    const packages = {
      '': project,
      'node_modules/ropewalk': {
        version: '0.1.0',
        resolved: `${this.url}ropewalk.tgz`,
        integrity,
        bin: { ropewalk: 'dist/cli/main.js' },
      },
    };
    const lock = { name: 'echo', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
    return { manifest: JSON.stringify(project), lock: JSON.stringify(lock) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => void this.#server.close(resolve));
  }
}
