/** The stage of one case of the UNIX datagram contract: a reactor, and sockets that record. */
import type { UNIXAddress } from '../../../core/address.js';
import type {
  ConnectUNIXDatagramOptions,
  ListenUNIXDatagramOptions,
  UNIXDatagramTransport,
} from '../../../core/datagram.js';
import { RecordingDatagrams } from '../datagram/recording-datagrams.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { Scene, SceneCases } from '../scene.js';

export interface RecordingSocket {
  readonly port: UNIXDatagramTransport;
  readonly protocol: RecordingDatagrams<UNIXAddress>;
  readonly path: string;
}

export class UNIXDatagramScene extends Scene {
  protocol(): RecordingDatagrams<UNIXAddress> {
    return new RecordingDatagrams(this.violations);
  }

  /** A socket with a path. */
  listen(
    path: string = this.path(),
    options: ListenUNIXDatagramOptions = {},
    protocol: RecordingDatagrams<UNIXAddress> = this.protocol(),
  ): RecordingSocket {
    return { port: this.reactor.listenUNIXDatagram(path, protocol, options), protocol, path };
  }

  /** A socket whose peer is the one at `path`. */
  connect(path: string, options: ConnectUNIXDatagramOptions = {}): RecordingSocket {
    const protocol = this.protocol();
    return { port: this.reactor.connectUNIXDatagram(path, protocol, options), protocol, path };
  }

  received({ protocol }: RecordingSocket, count: number): Promise<void> {
    return this.until(() => protocol.received.length >= count, `${count} datagrams`);
  }
}

/** Makes the cases of the UNIX datagram contract from their names and bodies. */
export class UNIXDatagramCases extends SceneCases<UNIXDatagramScene> {
  /** @throws InvalidArgumentTypeError */
  constructor(makeStage: MakeReactorStage) {
    super(makeStage, UNIXDatagramScene);
  }
}
