"""A Twisted peer for TLS. Prints each line that it receives, and why the connection ended.

    twisted_tls.py serve IDENTITY               echoes over TLS; prints the port
    twisted_tls.py serve-starttls IDENTITY      echoes lines, and starts TLS when it is asked to; prints the port
    twisted_tls.py smuggle-starttls IDENTITY    sends more in clear behind its consent to TLS; prints the port
    twisted_tls.py connect PORT NAME ROOT             sends "hemp" over TLS, and closes when that comes back
    twisted_tls.py connect-starttls PORT NAME ROOT    the same, in clear and then by STARTTLS
    twisted_tls.py smuggle PORT NAME ROOT             sends more in clear behind its request for TLS
"""
import sys

from twisted.internet import interfaces, protocol, reactor, ssl
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer

mode = sys.argv[1]


def say(text):
    print(text, flush=True)


class Lines(LineReceiver):
    delimiter = b"\r\n"

    def connectionLost(self, reason):
        say("lost " + reason.type.__name__)
        if not mode.startswith("s") or mode == "smuggle":
            reactor.stop()


@implementer(interfaces.IHandshakeListener)
class Server(Lines):
    secured = False

    def handshakeCompleted(self):
        self.secured = True
        say("secured")

    def lineReceived(self, line):
        say("line " + line.decode())
        if line != b"STARTTLS":
            self.sendLine((b"secret " if self.secured else b"public ") + line)
        elif mode == "smuggle-starttls":
            self.transport.write(b"READY\r\nsmuggled\r\n")
        else:
            self.sendLine(b"READY")
            self.transport.startTLS(context)


@implementer(interfaces.IHandshakeListener)
class Client(Lines):
    def connectionMade(self):
        if mode == "smuggle":
            self.transport.write(b"STARTTLS\r\nsmuggled\r\n")
        elif mode == "connect-starttls":
            self.sendLine(b"flax")
        else:
            self.sendLine(b"hemp")

    def handshakeCompleted(self):
        say("secured")

    def lineReceived(self, line):
        say("line " + line.decode())
        if line == b"public flax":
            self.sendLine(b"STARTTLS")
        elif line == b"READY" and mode != "smuggle":
            self.transport.startTLS(context)
            self.sendLine(b"hemp")
        elif line == b"secret hemp":
            self.transport.loseConnection()


if mode in ("serve", "serve-starttls", "smuggle-starttls"):
    with open(sys.argv[2]) as file:
        identity = ssl.PrivateCertificate.loadPEM(file.read())
    context = identity.options()
    factory = protocol.Factory.forProtocol(Server)
    if mode == "serve":
        port = reactor.listenSSL(0, factory, context, interface="127.0.0.1")
    else:
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    say("ready %d" % port.getHost().port)
else:
    port, name, root = int(sys.argv[2]), sys.argv[3], sys.argv[4]
    with open(root) as file:
        context = ssl.optionsForClientTLS(name, ssl.Certificate.loadPEM(file.read()))
    factory = protocol.ClientFactory.forProtocol(Client)
    say("ready")
    if mode == "connect":
        reactor.connectSSL("127.0.0.1", port, factory, context)
    else:
        reactor.connectTCP("127.0.0.1", port, factory)
reactor.run()
