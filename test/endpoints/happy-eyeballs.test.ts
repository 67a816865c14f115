/**
 * Connecting by name with addresses that do not answer: in the simulator, and in a network namespace of Linux whose second
 * interface leads nowhere.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  type AddressFamily,
  ConnectError,
  ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectTimeoutError,
  Deferred,
  DNSLookupError,
  type HostAddress,
  HostnameEndpoint,
  Protocol,
  succeed,
} from '../../src/index.js';
import {
  assertNoResult,
  failureResultOf,
  type SimulatedReactor,
  Simulation,
} from '../../src/testing/index.js';
import { runProgram } from '../support/child.js';
import { hostAddresses } from '../support/name-resolvers.js';
import { REACTORS } from '../support/reactors.js';

const NAME = 'example.test';
const IPV6 = '2001:db8::1';
const SECOND_IPV6 = '2001:db8::2';
const IPV4 = '192.0.2.1';

class Scene {
  readonly simulation: Simulation = new Simulation();
  readonly client: SimulatedReactor = this.simulation.host('client');
  readonly built: string[] = [];
  readonly accepted: string[] = [];
  readonly #hosts = new Map<string, SimulatedReactor>();

  constructor(...addresses: readonly string[]) {
    this.client.installNameResolver({
      resolveHostName: () => succeed(hostAddresses(...addresses)),
    });
    for (const address of addresses) this.#hosts.set(address, this.simulation.host(address));
  }

  host(address: string): SimulatedReactor {
    return this.#hosts.get(address) as SimulatedReactor;
  }

  listen(address: string): this {
    this.host(address).listenTCP(80, () => {
      this.accepted.push(address);
      return {};
    });
    return this;
  }

  /** Packets to and from that host are not delivered. */
  silence(address: string): this {
    this.simulation.partition(this.client, this.host(address));
    return this;
  }

  connect(options: ConstructorParameters<typeof HostnameEndpoint>[3] = {}): Deferred<Protocol> {
    return new HostnameEndpoint(this.client, NAME, 80, options).connect((address) => {
      this.built.push(String(address));
      return new Protocol();
    });
  }

  /** The virtual time in which a connection is made, and its peer. */
  async connected(options?: Parameters<Scene['connect']>[0]): Promise<[ms: number, peer: string]> {
    const { transport } = await this.simulation.run(this.connect(options));
    return [this.simulation.now(), String(transport.getPeer())];
  }
}

describe('a connection by name', () => {
  it('is made within 300 ms if the first address swallows packets', async () => {
    const scene = new Scene(IPV6, IPV4).listen(IPV6).listen(IPV4).silence(IPV6);
    const [ms, peer] = await scene.connected();
    expect(peer).toBe(`${IPV4}:80`);
    expect(ms).toBeLessThanOrEqual(300);
    expect(scene.built).toEqual([`${IPV4}:80`]);
  });

  it('tries the other family second, whatever the order of the resolver', async () => {
    const scene = new Scene(IPV6, SECOND_IPV6, IPV4).listen(IPV4);
    scene.listen(SECOND_IPV6).silence(IPV6);
    expect(await scene.connected()).toEqual([252, `${IPV4}:80`]);
  });

  it.each<[options: Parameters<Scene['connect']>[0], ms: number, peer: string]>([
    [{ attemptDelayMs: 100 }, 102, `${IPV4}:80`],
    [{ firstFamilyCount: 2 }, 252, `[${SECOND_IPV6}]:80`],
    [{ preferredFamily: 'IPv4' }, 2, `${IPV4}:80`],
    [{ family: 'IPv6' }, 252, `[${SECOND_IPV6}]:80`],
    [{ family: 'IPv4' }, 2, `${IPV4}:80`],
  ])('obeys %j', async (options, ms, peer) => {
    const scene = new Scene(IPV6, SECOND_IPV6, IPV4).listen(SECOND_IPV6).listen(IPV4);
    expect(await scene.silence(IPV6).connected(options)).toEqual([ms, peer]);
  });

  it('does not wait if the first address refuses', async () => {
    const scene = new Scene(IPV6, IPV4).listen(IPV4);
    expect(await scene.connected()).toEqual([4, `${IPV4}:80`]);
  });

  it('never builds a protocol for an attempt that loses, even if its host answers later', async () => {
    const scene = new Scene(IPV6, IPV4).listen(IPV6).listen(IPV4).silence(IPV6);
    await scene.connected();
    scene.simulation.heal();
    await scene.simulation.run({ ms: 1000 });
    expect(scene.built).toEqual([`${IPV4}:80`]);
    expect(scene.simulation.connections).toHaveLength(1);
  });

  it('reports the failure of every address', async () => {
    const scene = new Scene(IPV6, IPV4);
    const failed = scene.connect();
    await scene.simulation.run();
    const error = failureResultOf(failed, ConnectionRefusedError);
    expect(error).toMatchObject({ host: NAME, port: 80, cause: { code: 'ECONNREFUSED' } });
    expect(error.errors.map(({ name, host, port }) => [name, host, port])).toEqual([
      ['ConnectionRefusedError', IPV6, 80],
      ['ConnectionRefusedError', IPV4, 80],
    ]);
    expect(error.message).toBe(
      `cannot connect (${IPV6} ECONNREFUSED, ${IPV4} ECONNREFUSED): ${NAME}:80`,
    );
  });

  it('names the resolver if its answer is no list', async () => {
    const scene = new Scene();
    scene.client.installNameResolver({ resolveHostName: () => succeed(undefined as never) });
    const failed = scene.connect();
    await scene.simulation.run();
    expect(failureResultOf(failed, DNSLookupError).cause).toMatchObject({
      message: "the resolver's answer must be an array of addresses, not undefined",
    });
  });

  it('fails with a plain ConnectError if the addresses fail for different reasons', async () => {
    const scene = new Scene(IPV6);
    // No host has the second address.
    const addresses: HostAddress[] = hostAddresses(IPV6, '192.0.2.9');
    scene.client.installNameResolver({ resolveHostName: () => succeed(addresses) });
    const failed = scene.connect();
    await scene.simulation.run();
    const error = failureResultOf(failed, ConnectError);
    expect(error.name).toBe('ConnectError');
    expect(error.errors.map(({ name }) => name)).toEqual([
      'ConnectionRefusedError',
      'NoRouteError',
    ]);
  });

  it('fails when its time is over, and reports what became of every attempt', async () => {
    const scene = new Scene(IPV6, IPV4, SECOND_IPV6).silence(IPV6).silence(SECOND_IPV6);
    const failed = scene.connect({ timeoutMs: 2000 });
    await scene.simulation.run({ ms: 1999 });
    assertNoResult(failed);
    await scene.simulation.run({ ms: 1 });
    const error = failureResultOf(failed, ConnectTimeoutError);
    expect(error.errors.map(({ name, host }) => [name, host])).toEqual([
      ['ConnectTimeoutError', IPV6],
      ['ConnectionRefusedError', IPV4],
      ['ConnectTimeoutError', SECOND_IPV6],
    ]);
    expect(error.message).toContain(
      `(${IPV6} no answer, ${IPV4} ECONNREFUSED, ${SECOND_IPV6} no answer)`,
    );
    expect(scene.client.getDelayedCalls()).toEqual([]);
  });

  it('can be cancelled in every state', async () => {
    const waits = [0, 1, 100, 251, 400, 600];
    for (const ms of waits) {
      const scene = new Scene(IPV6, IPV4, SECOND_IPV6).listen(IPV6).listen(IPV4);
      scene.silence(IPV6).silence(IPV4).silence(SECOND_IPV6);
      const connecting = scene.connect();
      await scene.simulation.run({ ms });
      connecting.cancel();
      failureResultOf(connecting, ConnectingCancelledError);
      scene.simulation.heal();
      await scene.simulation.run({ ms: 60_000 });
      expect(scene.built, `cancelled after ${ms} ms`).toEqual([]);
      expect(scene.client.getDelayedCalls()).toEqual([]);
      expect(scene.client.connectors.size).toBe(0);
      expect(scene.simulation.connections).toEqual([]);
    }
  });

  it('is cancelled while the name is looked up', async () => {
    const scene = new Scene(IPV4).listen(IPV4);
    let cancelled = false;
    const answer = new Deferred<readonly HostAddress[]>(() => {
      cancelled = true;
    });
    scene.client.installNameResolver({ resolveHostName: () => answer });
    const connecting = scene.connect();
    await scene.simulation.run({ ms: 5 });
    connecting.cancel();
    failureResultOf(connecting, ConnectingCancelledError);
    expect(cancelled).toBe(true);
  });

  it('ends when the reactor stops', async () => {
    const scene = new Scene(IPV6, IPV4).silence(IPV6).silence(IPV4);
    const stopped = scene.client.run();
    const connecting = scene.connect();
    await scene.simulation.run({ ms: 300 });
    scene.client.stop();
    await scene.simulation.run(stopped);
    failureResultOf(connecting, ConnectingCancelledError);
    scene.simulation.heal();
    await scene.simulation.run({ ms: 60_000 });
    expect(scene.built).toEqual([]);
  });

  it('asks the resolver for the requested family', async () => {
    const scene = new Scene(IPV4).listen(IPV4);
    const asked: (readonly AddressFamily[] | undefined)[] = [];
    scene.client.installNameResolver({
      resolveHostName(_name, options) {
        asked.push(options?.families);
        return succeed(hostAddresses(IPV6, IPV4));
      },
    });
    expect((await scene.connected({ family: 'IPv4' }))[1]).toBe(`${IPV4}:80`);
    expect(asked).toEqual([['IPv4']]);
  });
});

const IPV4_HOLE = '192.0.2.2';
const IPV6_HOLE = '2001:db8::2';

/** Packets to 192.0.2.2 and 2001:db8::2 leave for a neighbour that has another address, and are dropped there. */
const NAMESPACE = [
  'ip link set lo up',
  'ip link add hole type veth peer name nowhere',
  'ip link set hole up',
  'ip link set nowhere up',
  'ip addr add 192.0.2.1/24 dev hole',
  'ip addr add 2001:db8::1/64 dev hole nodad',
  'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev hole',
  'ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev hole',
].join(' && ');

const unshare = process.getuid?.() === 0 ? 'unshare -n' : 'unshare -rn';
const AVAILABLE =
  process.platform === 'linux' &&
  spawnSync('sh', ['-c', `${unshare} sh -c '${NAMESPACE}'`], { stdio: 'ignore' }).status === 0;
if (!AVAILABLE) console.warn('skipped: no network namespace with a veth pair can be made here');

describe.skipIf(!AVAILABLE)('an address that swallows packets, in a network namespace', () => {
  // Both families, and not each with each reactor: a case takes more than a second.
  const cases = REACTORS.map(({ name }, index) => [name, index === 0 ? IPV4_HOLE : IPV6_HOLE]);

  it.each(cases)('costs a client less than 300 ms (%s, %s)', async (name = '', silent = '') => {
    const before = `exec ${unshare} sh -c '${NAMESPACE} && exec "$@"' sh "$@"`;
    const program = new URL('programs/racing-client.ts', import.meta.url);
    const { stdout, stderr } = await runProgram(program, [name, silent], { before });
    const result = JSON.parse(stdout || `"${stderr}"`);
    expect(result).toMatchObject({
      peer: `127.0.0.1:${result.port}`,
      failure: 'ConnectTimeoutError',
    });
    // The machine may be busy: the best of three counts. No attempt can have been faster than the delay.
    expect(Math.min(...result.elapsed)).toBeGreaterThanOrEqual(250);
    expect(Math.min(...result.elapsed)).toBeLessThanOrEqual(300);
  });
});
