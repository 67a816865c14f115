/** The container file of docs/howto/deployment.md: built and run, with this node in place of the official image. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PeerProgram } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { Buildah, CAN_BUILD, makeNodeImage, PackageRegistry } from './container-tools.js';
import { havePrograms, PeerFiles } from './peer-files.js';

const PAGE = readFileSync(new URL('../../docs/howto/deployment.md', import.meta.url), 'utf8');
const APP = `
import { serviceFromString } from 'ropewalk/application';
const echo = () => ({ dataReceived(data, transport) { transport.write(data); } });
export default (reactor) =>
  serviceFromString(reactor, \`tcp:\${process.env.PORT}:interface=127.0.0.1\`, echo);
`;

let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

// Thousands of files, in several layers.
afterEach(() => {
  files.remove();
}, 60_000);

if (!CAN_BUILD) console.warn('skipped: only root builds containers here, on Linux');

it.skipIf(!CAN_BUILD || !havePrograms('buildah', 'busybox'))(
  'the container file makes an image that serves, logs and drains',
  { timeout: 240_000 },
  async () => {
    const text = /```dockerfile\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
    const base = /^FROM (\S+)$/m.exec(text)?.[1] ?? '';
    await using registry = await PackageRegistry.start(files);
    await using buildah = new Buildah(files);
    const npm = { audit: 'false', fund: 'false', update_notifier: 'false', registry: registry.url };
    const environment = Object.entries(npm).map(([name, value]) => `npm_config_${name}=${value}`);
    await makeNodeImage(buildah, base, environment);

    const { manifest, lock } = registry.manifests();
    files.write('package.json', manifest);
    files.write('package-lock.json', lock);
    files.write('app.js', APP);
    const context = ['--pull=never', '--file', files.write('Containerfile', text), files.folder];
    await buildah.do('build', '--quiet', '--tag', 'echo', ...context);
    const image = await buildah.do('inspect', '--type', 'image', 'echo');
    const { config } = (JSON.parse(image) as { OCIv1: { config: Record<string, unknown> } }).OCIv1;
    expect(config).toMatchObject({ User: 'node', StopSignal: 'SIGTERM' });

    const container = await buildah.do('from', '--pull=never', 'echo');
    const command = ['run', '--isolation', 'chroot', '--env', 'PORT=0', container, '--'];
    await using program = new PeerProgram('buildah', [
      ...buildah.args(...command),
      ...(config.Cmd as string[]),
    ]);
    await program.until(() => /"pid":\d+.*\n/.test(program.stdout), 'to start');
    const [line = ''] = /.*"pid":\d+.*/.exec(program.stdout) ?? [];
    const { pid, reactor, addresses } = JSON.parse(line) as Record<string, string>;
    expect([reactor, program.stderr]).toEqual(['native', '']);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t1000\t1000\t/m);

    await using peer = await RawPeer.connect(Number(/:(\d+)/.exec(String(addresses))?.[1]));
    peer.write('hello');
    expect((await peer.receive(5)).toString()).toBe('hello');
    process.kill(Number(pid), 'SIGTERM');
    await program.until(() => program.stdout.includes('draining for up to'), 'to drain');
    peer.write('still');
    expect((await peer.receive(10)).toString()).toBe('hellostill');
    await peer[Symbol.asyncDispose]();
    // After the time of --unready.
    await program.until(() => program.stdout.includes('"stopped: '), 'to stop', 30_000);
    await program.end();
  },
);
