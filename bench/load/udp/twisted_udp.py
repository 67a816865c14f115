"""Twisted's UDP port on CPython with its epoll reactor, with large buffers."""

import argparse
import socket

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import protocol, reactor, stdio  # noqa: E402

BURST = 64
BUFFER_BYTES = 4 * 1024 * 1024


class Echo(protocol.DatagramProtocol):
    noisy = False

    def datagramReceived(self, data, address):
        self.transport.write(data, address)


class Sink(Echo):
    received = 0

    def datagramReceived(self, data, address):
        self.received += 1
        if self.received % BURST == 0:
            self.transport.write(data, address)


class Source(Echo):
    def datagramReceived(self, data, address):
        for _ in range(BURST):
            self.transport.write(data, address)


class UntilInputEnds(protocol.Protocol):
    def connectionLost(self, reason=protocol.connectionDone):
        if reactor.running:
            reactor.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="echo")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    service = {"echo": Echo, "sink": Sink, "source": Source}[args.mode]()
    port = reactor.listenUDP(args.port, service, interface="127.0.0.1", maxPacketSize=8192)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        port.socket.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    stdio.StandardIO(UntilInputEnds())
    print("PORT", port.getHost().port, flush=True)
    reactor.run()


main()
