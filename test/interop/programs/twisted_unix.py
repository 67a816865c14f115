"""A Twisted peer for UNIX sockets: lends descriptors, takes them, or listens on a socket that it is given.

    twisted_unix.py lend PATH FILE     connects; sends FILE's descriptor with "lent", then one more with each line received
    twisted_unix.py read PATH          listens; answers each descriptor with what its file holds
    twisted_unix.py serve PATH         connects; echoes on the listening TCP socket that it is sent
"""
import os
import socket
import sys

from twisted.internet import interfaces, protocol, reactor
from zope.interface import implementer


class Lend(protocol.Protocol):
    def connectionMade(self):
        self.lend(b"lent")

    def lend(self, word):
        fd = os.open(sys.argv[3], os.O_RDONLY)
        self.transport.sendFileDescriptor(fd)
        self.transport.write(word)
        # Twisted sends in a later turn, and does not duplicate.
        reactor.callLater(0.5, os.close, fd)

    def dataReceived(self, data):
        self.lend(data)

    def connectionLost(self, reason):
        reactor.stop()


@implementer(interfaces.IFileDescriptorReceiver)
class Read(protocol.Protocol):
    def fileDescriptorReceived(self, fd):
        with os.fdopen(fd, "rb") as file:
            self.transport.write(b"[" + file.read() + b"]")

    def dataReceived(self, data):
        self.transport.write(data)


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(b"twisted: " + data)


@implementer(interfaces.IFileDescriptorReceiver)
class Serve(protocol.Protocol):
    def fileDescriptorReceived(self, fd):
        reactor.adoptStreamPort(fd, socket.AF_INET, protocol.Factory.forProtocol(Echo))
        os.close(fd)
        self.transport.write(b"serving")

    def connectionLost(self, reason):
        reactor.stop()


def client(kind):
    factory = protocol.ClientFactory()
    factory.protocol = kind
    reactor.connectUNIX(sys.argv[2], factory)


if sys.argv[1] == "lend":
    client(Lend)
elif sys.argv[1] == "serve":
    client(Serve)
else:
    reactor.listenUNIX(sys.argv[2], protocol.Factory.forProtocol(Read))
reactor.callLater(60, reactor.stop)
reactor.callWhenRunning(lambda: print("ready", flush=True))
reactor.run()
