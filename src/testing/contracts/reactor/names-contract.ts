/** The contract of {@link ReactorNames}, as cases over fresh reactors. */
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';

import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import { ConnectionRefusedError } from '../../../core/errors/connecting.js';
import { InvalidHostNameError } from '../../../core/errors/names.js';
import type { HostAddress, NameResolver } from '../../../core/name-resolver.js';
import type { ConnectTCPOptions } from '../../../core/tcp-options.js';
import { Deferred } from '../../../defer/deferred.js';
import { CancelledError } from '../../../defer/errors.js';
import type { ContractCase } from '../contract-case.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';

/**
 * The rules of the name resolver, and of connections to names.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 */
export function namesContract(makeStage: MakeReactorStage): ContractCase[] {
  const contract = new ReactorCases(makeStage);
  addResolverCases(contract);
  addConnectingCases(contract);
  return contract.cases;
}

/** Answers each lookup as `answer` does, and records the names. */
class ScriptedResolver implements NameResolver {
  readonly names: string[] = [];
  readonly #answer: () => Deferred<readonly HostAddress[]>;

  constructor(answer: () => Deferred<readonly HostAddress[]>) {
    this.#answer = answer;
  }

  resolveHostName(name: string): Deferred<readonly HostAddress[]> {
    this.names.push(name);
    return this.#answer();
  }
}

function found(...addresses: string[]): Deferred<readonly HostAddress[]> {
  const answer = new Deferred<readonly HostAddress[]>();
  answer.callback(
    addresses.map((address) => ({ address, family: isIPv6(address) ? 'IPv6' : 'IPv4' }) as const),
  );
  return answer;
}

function addResolverCases(contract: ReactorCases): void {
  contract.add('installs a resolver and returns the previous one', ({ reactor }) => {
    const own = reactor.nameResolver;
    const mine = new ScriptedResolver(() => found('192.0.2.1'));
    assert.equal(reactor.installNameResolver(mine), own);
    assert.equal(reactor.nameResolver, mine);
    assert.equal(reactor.installNameResolver(own), mine);
    assert.equal(reactor.nameResolver, own);
  });

  for (const resolver of [undefined, null, {}, () => {}]) {
    contract.add(`refuses ${typeof resolver} ${resolver} as a resolver`, ({ reactor }) => {
      const own = reactor.nameResolver;
      assert.throws(() => reactor.installNameResolver(resolver as never), InvalidArgumentTypeError);
      assert.equal(reactor.nameResolver, own);
    });
  }

  contract.add('does not look up text that cannot be a name', async (scene) => {
    const { nameResolver } = scene.reactor;
    for (const text of ['', 'http://localhost/', 'localhost:80', 'local host', 'localhost\0']) {
      const answer = scene.answerOf(nameResolver.resolveHostName(text), `an answer for ${text}`);
      await assert.rejects(answer, InvalidHostNameError, text);
    }
  });

  contract.add('resolves an IP address to itself', async (scene) => {
    const { nameResolver } = scene.reactor;
    const answer = await scene.answerOf(nameResolver.resolveHostName(scene.host), 'an answer');
    assert.deepEqual(
      answer.map(({ address }) => address),
      [scene.host],
    );
  });
}

function addConnectingCases(contract: ReactorCases): void {
  contract.add('connects to an address of a name', async (scene) => {
    const resolver = new ScriptedResolver(() => found(scene.host));
    scene.reactor.installNameResolver(resolver);
    const { port } = scene.listen().getHost();
    const factory = scene.recorders();
    const connector = scene.reactor.connectTCP('host.test', port, factory);
    await scene.until(() => factory.built[0]?.opened === true, 'a connection');
    assert.deepEqual(resolver.names, ['host.test']);
    assert.equal(connector.getDestination().host, 'host.test');
  });

  contract.add('makes one connection to a name with several addresses', async (scene) => {
    scene.reactor.installNameResolver(new ScriptedResolver(() => found(scene.host, scene.host)));
    const server = scene.recorders();
    const { port } = scene.listen(server).getHost();
    const factory = scene.recorders();
    scene.reactor.connectTCP('host.test', port, factory);
    await scene.until(() => factory.built[0]?.opened === true, 'a connection');
    await scene.settle();
    assert.equal(factory.built.length, 1);
    assert.equal(server.built.length, 1);
    assert.deepEqual(scene.reactor.getDelayedCalls(), []);
  });

  contract.add('reports the failure of each address of a name', async (scene) => {
    scene.reactor.installNameResolver(new ScriptedResolver(() => found(scene.host, scene.host)));
    const port = await scene.closedPort();
    const factory = scene.recorders();
    scene.reactor.connectTCP('host.test', port, factory);
    await scene.until(() => factory.count('stopFactory') === 1, 'the end of the attempt');
    const [reason] = factory.reasons;
    assert(reason instanceof ConnectionRefusedError);
    assert.equal(reason.host, 'host.test');
    assert.deepEqual(
      reason.errors.map(({ code, host }) => [code, host]),
      [
        ['ERR_CONNECTION_REFUSED', scene.host],
        ['ERR_CONNECTION_REFUSED', scene.host],
      ],
    );
  });

  contract.add('refuses an address of another family than the requested one', (scene) => {
    const { reactor } = scene;
    const connect = (host: string, options: ConnectTCPOptions): void => {
      reactor.connectTCP(host, 9, scene.recorders(), options);
    };
    assert.throws(() => connect('127.0.0.1', { family: 'IPv6' }), InvalidArgumentValueError);
    assert.throws(() => connect('::1', { localAddress: '127.0.0.1' }), InvalidArgumentValueError);
    const both: ConnectTCPOptions = { family: 'IPv6', localAddress: '127.0.0.1' };
    assert.throws(() => connect('host.test', both), InvalidArgumentValueError);
  });

  for (const options of [
    { attemptDelayMs: 9 },
    { firstFamilyCount: 0 },
    { family: 'IPv5' },
    { preferredFamily: 'ipv6' },
    { addresses: [] },
    { addresses: ['host.test'] },
    { addresses: ['127.0.0.1'], family: 'IPv6' },
    { addresses: ['127.0.0.1'], localAddress: '::1' },
  ]) {
    contract.add(`refuses ${JSON.stringify(options)}`, ({ reactor, host }) => {
      assert.throws(
        () => reactor.connectTCP(host, 9, () => null, options as ConnectTCPOptions),
        InvalidArgumentValueError,
      );
    });
  }

  contract.add('connects to the addresses of the caller, and resolves nothing', async (scene) => {
    const resolver = new ScriptedResolver(() => found('192.0.2.1'));
    scene.reactor.installNameResolver(resolver);
    const { port } = scene.listen().getHost();
    const factory = scene.recorders();
    const addresses = [scene.host];
    const connector = scene.reactor.connectTCP('host.test', port, factory, { addresses });
    await scene.until(() => factory.built[0]?.opened === true, 'a connection');
    assert.deepEqual(resolver.names, []);
    assert.equal(connector.getDestination().host, 'host.test');
  });

  contract.add('does not resolve an IP address', async (scene) => {
    const resolver = new ScriptedResolver(() => found('192.0.2.1'));
    scene.reactor.installNameResolver(resolver);
    await scene.pair();
    assert.deepEqual(resolver.names, []);
  });

  contract.add('fails a connection to a name without an address', async (scene) => {
    scene.reactor.installNameResolver(new ScriptedResolver(() => found()));
    const factory = scene.recorders();
    scene.reactor.connectTCP('host.test', 7, factory);
    await scene.until(() => factory.count('stopFactory') === 1, 'the end of the attempt');
    assert.equal(factory.count('clientConnectionFailed DNSLookupError'), 1);
  });

  contract.add('cancels the lookup of an attempt that is stopped', async (scene) => {
    let reason: unknown;
    const resolver = new ScriptedResolver(() => {
      const answer = new Deferred<readonly HostAddress[]>();
      answer.addErrback(({ value }) => {
        reason = value;
        return [];
      });
      return answer;
    });
    scene.reactor.installNameResolver(resolver);
    const factory = scene.recorders();
    const connector = scene.reactor.connectTCP('host.test', 7, factory);
    await scene.until(() => resolver.names.length === 1, 'a lookup');
    connector.stopConnecting();
    await scene.until(() => factory.count('stopFactory') === 1, 'the end of the attempt');
    assert(reason instanceof CancelledError);
    assert.equal(factory.count('clientConnectionFailed ConnectingCancelledError'), 1);
  });
}
