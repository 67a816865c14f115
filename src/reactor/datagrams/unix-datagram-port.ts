/** The UNIX datagram port of all reactors that have one. */
import { UNIXAddress } from '../../core/address.js';
import type { DatagramReceiver, UNIXDatagramTransport } from '../../core/datagram.js';
import type { PortReactor } from '../life/port-reactor.js';
import { checkPath } from '../streams/unix-settings.js';
import { DatagramPort, type DatagramSocket } from './datagram-port.js';
import type { UNIXDatagramSettings } from './datagram-settings.js';

export type UNIXDatagramSocket = DatagramSocket<UNIXAddress>;

/** Gives a port its socket. @throws CannotListenError, ConnectError */
export type OpenUNIXDatagramSocket = (port: UNIXDatagramPort) => UNIXDatagramSocket;

export class UNIXDatagramPort
  extends DatagramPort<UNIXAddress, UNIXDatagramSocket>
  implements UNIXDatagramTransport
{
  private readonly openSocketOf: OpenUNIXDatagramSocket;

  constructor(
    reactor: PortReactor,
    protocol: DatagramReceiver<UNIXAddress>,
    settings: Pick<UNIXDatagramSettings, 'maxPacketSize'>,
    open: OpenUNIXDatagramSocket,
  ) {
    super(reactor, protocol, settings.maxPacketSize);
    this.openSocketOf = open;
  }

  protected override open(): UNIXDatagramSocket {
    return this.openSocketOf(this);
  }

  protected override addressOf(to: UNIXAddress | string): UNIXAddress {
    return to instanceof UNIXAddress ? to : new UNIXAddress(checkPath('to', to));
  }
}
