/** The stage of one case of the reactor contract: a reactor, and the protocols and factories that the case makes. */
import assert from 'node:assert/strict';
import type { Connector } from '../../../core/connector.js';
import type { FactoryLike } from '../../../core/factory.js';
import type { ListeningPort } from '../../../core/listening-port.js';
import { Scene, SceneCases } from '../scene.js';
import { type RecordingHooks, RecordingProtocol } from '../transport/recording-protocol.js';
import type { MakeReactorStage } from './reactor-stage.js';
import { RecordingFactory } from './recording-factory.js';

export type Recorders = RecordingFactory<RecordingProtocol>;

/** Two protocols of the case's reactor, connected. */
export interface ConnectedPair {
  readonly client: RecordingProtocol;
  readonly server: RecordingProtocol;
  readonly clientFactory: Recorders;
  readonly serverFactory: Recorders;
  readonly connector: Connector;
  readonly listening: ListeningPort;
}

type Hooks = RecordingHooks<RecordingProtocol>;

export class ReactorScene extends Scene {
  /** Lets the reactor have `count` turns. */
  async turns(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      let turned = false;
      this.reactor.callLater(0, () => {
        turned = true;
      });
      await this.until(() => turned, 'a turn');
    }
  }

  /** Runs the reactor until it has started; returns the promise of `run`. */
  async start(): Promise<{ readonly finished: PromiseLike<void> }> {
    const finished = this.reactor.run({ installSignalHandlers: false });
    await this.until(() => this.reactor.running, 'startup');
    return { finished };
  }

  async stop(finished: PromiseLike<void>): Promise<void> {
    this.reactor.stop();
    await this.answerOf(finished, 'run to settle');
  }

  /** A factory of recording protocols. */
  recorders(hooks: Hooks = {}): Recorders {
    return new RecordingFactory(() => new RecordingProtocol({ ...hooks }, this.violations));
  }

  listen(factory: Recorders = this.recorders()): ListeningPort {
    return this.reactor.listenTCP(0, factory, { interface: this.host });
  }

  connect(port: number, factory: FactoryLike = this.recorders()): Connector {
    return this.reactor.connectTCP(this.host, port, factory);
  }

  /** A port that nothing listens on: it was free a moment ago. */
  async closedPort(): Promise<number> {
    const listening = this.listen();
    const { port } = listening.getHost();
    await this.answerOf(listening.stopListening(), 'stopListening');
    return port;
  }

  async pair(client: Hooks = {}, server: Hooks = {}): Promise<ConnectedPair> {
    const factories = [this.recorders(client), this.recorders(server)] as const;
    const [clientFactory, serverFactory] = factories;
    const listening = this.listen(serverFactory);
    const connector = this.connect(listening.getHost().port, clientFactory);
    const made = (): boolean => factories.every(({ built }) => built[0]?.opened === true);
    await this.until(made, 'a connection');
    const [one, other] = factories.map(({ built }) => built[0] as RecordingProtocol);
    assert(one !== undefined && other !== undefined);
    return { client: one, server: other, clientFactory, serverFactory, connector, listening };
  }
}

/** Makes the cases of a facet's contract from their names and bodies. */
export class ReactorCases extends SceneCases<ReactorScene> {
  /** @throws InvalidArgumentTypeError */
  constructor(makeStage: MakeReactorStage) {
    super(makeStage, ReactorScene);
  }
}
