"""Twisted on CPython with its epoll reactor: one Protocol for each connection."""

import argparse
import gc

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import protocol, reactor, stdio  # noqa: E402


class Echo(protocol.Protocol):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data):
        self.transport.write(data)


class Lines(Echo):
    rest = b""

    def dataReceived(self, data):
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            self.transport.write(line + b"\n")


class UntilInputEnds(protocol.Protocol):
    def dataReceived(self, data):
        gc.collect()
        self.transport.write(b"COLLECTED\n")

    def connectionLost(self, reason=protocol.connectionDone):
        if reactor.running:
            reactor.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="echo")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    factory = protocol.Factory.forProtocol(Lines if args.mode == "lines" else Echo)
    factory.noisy = False
    port = reactor.listenTCP(args.port, factory, backlog=1024, interface="127.0.0.1")
    stdio.StandardIO(UntilInputEnds())
    print("PORT", port.getHost().port, flush=True)
    reactor.run()


main()
