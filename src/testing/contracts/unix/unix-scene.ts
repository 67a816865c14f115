/** The stage of one case of the UNIX contract: a reactor, and protocols connected over UNIX sockets. */
import assert from 'node:assert/strict';

import type { UNIXAddress } from '../../../core/address.js';
import type { Connector } from '../../../core/connector.js';
import type { FactoryLike } from '../../../core/factory.js';
import type { ListeningPort } from '../../../core/listening-port.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../../../core/unix-options.js';
import { ReactorScene, type Recorders } from '../reactor/reactor-scene.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { SceneCases } from '../scene.js';
import type { RecordingHooks, RecordingProtocol } from '../transport/recording-protocol.js';

type Hooks = RecordingHooks<RecordingProtocol>;

/** Two protocols of the case's reactor, connected over a UNIX socket. */
export interface UNIXPair {
  readonly client: RecordingProtocol;
  readonly server: RecordingProtocol;
  readonly path: string;
  readonly connector: Connector<UNIXAddress>;
  readonly listening: ListeningPort<UNIXAddress>;
}

export class UNIXScene extends ReactorScene {
  listenAt(
    path: string,
    factory: FactoryLike = this.recorders(),
    options: ListenUNIXOptions = {},
  ): ListeningPort<UNIXAddress> {
    return this.reactor.listenUNIX(path, factory, options);
  }

  connectTo(
    path: string,
    factory: FactoryLike = this.recorders(),
    options: ConnectUNIXOptions = {},
  ): Connector<UNIXAddress> {
    return this.reactor.connectUNIX(path, factory, options);
  }

  /** Connects to the path. Settles with the client's factory when the attempt has ended. */
  async attempt(path: string, options: ConnectUNIXOptions = {}): Promise<Recorders> {
    const factory = this.recorders();
    this.connectTo(path, factory, options);
    const ended = (): boolean => factory.reasons.length > 0 || factory.built[0]?.opened === true;
    await this.until(ended, 'the end of the attempt');
    return factory;
  }

  /** Settles when a connection to the path has been made. */
  async reaches(path: string): Promise<void> {
    const { reasons } = await this.attempt(path);
    assert.deepEqual(reasons, [], `${path} is reached`);
  }

  async unixPair(
    client: Hooks = {},
    server: Hooks = {},
    options: ConnectUNIXOptions = {},
  ): Promise<UNIXPair> {
    const path = this.path();
    const factories = [this.recorders(client), this.recorders(server)] as const;
    const listening = this.listenAt(path, factories[1]);
    const connector = this.connectTo(path, factories[0], options);
    const made = (): boolean => factories.every(({ built }) => built[0]?.opened === true);
    await this.until(made, 'a connection');
    const [one, other] = factories.map(({ built }) => built[0]);
    assert(one !== undefined && other !== undefined);
    return { client: one, server: other, path, connector, listening };
  }
}

/** Makes the cases of the UNIX contract from their names and bodies. */
export class UNIXCases extends SceneCases<UNIXScene> {
  readonly files: boolean;

  /** @throws InvalidArgumentTypeError */
  constructor(makeStage: MakeReactorStage, files: boolean) {
    super(makeStage, UNIXScene);
    this.files = files;
  }
}
