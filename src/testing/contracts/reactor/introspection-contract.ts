/** The contract of {@link ReactorIntrospection}, as cases over fresh reactors. */
import assert from 'node:assert/strict';

import type { ReactorStatistics } from '../../../core/reactor-introspection.js';
import type { ContractCase } from '../contract-case.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';

/**
 * The rules of `kind`, `poller` and the counters of `statistics`.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 */
export function introspectionContract(makeStage: MakeReactorStage): ContractCase[] {
  const contract = new ReactorCases(makeStage);
  addNameCases(contract);
  addCounterCases(contract);
  addConnectionCases(contract);
  return contract.cases;
}

const COUNTERS = [
  'connectionsAccepted',
  'connectionsMade',
  'connectionsLost',
  'connectionsOpen',
  'delayedCalls',
] as const satisfies (keyof ReactorStatistics)[];

function addNameCases(contract: ReactorCases): void {
  contract.add('has a kind and a poller', ({ reactor }) => {
    assert(reactor.kind === 'native' || reactor.kind === 'node');
    assert.match(reactor.poller, /^\w+$/);
  });
}

function addCounterCases(contract: ReactorCases): void {
  contract.add('begins to count at zero', ({ reactor }) => {
    const statistics = reactor.statistics();
    for (const counter of COUNTERS) assert.equal(statistics[counter], 0, counter);
    assert.deepEqual([statistics.bytesReceived, statistics.bytesSent], [0, 0]);
  });

  contract.add('counts connections made, accepted, open and lost', async (scene) => {
    const { client, server } = await scene.pair();
    const open = scene.reactor.statistics();
    assert.deepEqual(
      [open.connectionsMade, open.connectionsAccepted, open.connectionsOpen, open.connectionsLost],
      [1, 1, 2, 0],
    );
    client.call('loseConnection');
    await scene.until(() => client.ended && server.ended, 'the end of the connection');
    const { connectionsMade, connectionsOpen, connectionsLost } = scene.reactor.statistics();
    assert.deepEqual([connectionsMade, connectionsOpen, connectionsLost], [1, 0, 2]);
  });

  contract.add('does not count an attempt that failed', async (scene) => {
    const factory = scene.recorders();
    scene.connect(await scene.closedPort(), factory);
    await scene.until(() => factory.count('stopFactory') === 1, 'the end of the attempt');
    const { connectionsMade, connectionsOpen, connectionsLost } = scene.reactor.statistics();
    assert.deepEqual([connectionsMade, connectionsOpen, connectionsLost], [0, 0, 0]);
  });

  contract.add('counts bytes in both directions, and turns', async (scene) => {
    const { client, server } = await scene.pair();
    client.call('write', 'abc');
    await scene.until(() => server.text === 'abc', 'data');
    server.call('write', 'defgh');
    await scene.until(() => client.text === 'defgh', 'an answer');
    const { bytesReceived, bytesSent, turns } = scene.reactor.statistics();
    assert.deepEqual([bytesReceived, bytesSent], [8, 8]);
    assert(turns > 0);
  });

  contract.add('counts pending delayed calls', ({ reactor }) => {
    const calls = [1, 2, 3].map(() => reactor.callLater(60_000, () => {}));
    calls[0]?.cancel();
    assert.equal(reactor.statistics().delayedCalls, 2);
    for (const call of calls.slice(1)) call.cancel();
    assert.equal(reactor.statistics().delayedCalls, 0);
  });
}

function addConnectionCases(contract: ReactorCases): void {
  contract.add('totals are those of statistics', async (scene) => {
    await scene.pair();
    const { turnMsP50: _p50, turnMsP99: _p99, ...totals } = scene.reactor.statistics();
    assert.deepEqual(scene.reactor.totals(), totals);
  });

  contract.add('has a histogram of turns, which calls do not reset', ({ reactor }) => {
    const { limitsMs, counts } = reactor.turnHistogram();
    assert.equal(counts.length, limitsMs.length);
    assert(limitsMs.every((limit, bucket) => limit > (limitsMs[bucket - 1] ?? 0)));
    reactor.statistics();
    const later = reactor.turnHistogram();
    assert(counts.every((count, bucket) => (later.counts[bucket] ?? 0) >= count));
  });

  contract.add('reports on open connections', async (scene) => {
    const { client } = await scene.pair();
    const { peer, host, activity, state, secure, unsentBytes } =
      scene.reactor.connections(10).find((report) => {
        return String(report.host) === String(client.transport.getHost());
      }) ?? assert.fail('the connection is missing');
    assert.equal(String(peer), String(client.transport.getPeer()));
    assert.equal(String(host), String(client.transport.getHost()));
    assert.equal(activity, client.constructor.name);
    assert.deepEqual([state, secure, unsentBytes], ['open', false, 0]);
    client.call('pauseProducing');
    const states = scene.reactor.connections(10).map((report) => report.state);
    assert.deepEqual(states.sort(), ['open', 'paused']);
  });

  contract.add('reports on no more connections than asked for', async (scene) => {
    await scene.pair();
    assert.deepEqual(
      [0, 1, 2, 3].map((limit) => scene.reactor.connections(limit).length),
      [0, 1, 2, 2],
    );
    assert.throws(() => scene.reactor.connections(-1), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  contract.add('takes the activity from the description of the protocol', async (scene) => {
    const { client } = await scene.pair();
    const described = Object.assign(client, { description: 'counting sheep' });
    const activities = (): string[] =>
      scene.reactor.connections(10).map(({ activity }) => activity);
    assert(activities().includes('counting sheep'));
    Object.defineProperty(described, 'description', {
      get() {
        throw new Error('on purpose');
      },
    });
    assert(activities().includes('unknown'));
  });
}
