"""Servers of Twisted's small protocols: `twisted_small_protocols.py NAME`. Prints "ready PORT"."""

import sys

from twisted.internet import reactor
from twisted.internet.protocol import ClientFactory, Factory
from twisted.protocols import finger, ident


class Finger(finger.Finger):
    def getUser(self, slash_w, user):
        self._refuseMessage(b"%s %d\nescape \x1b" % (user, slash_w))


class Text:
    """Twisted's ident was not adapted to the bytes of Python 3."""

    def sendLine(self, line):
        super().sendLine(line.encode())

    def lineReceived(self, line):
        super().lineReceived(line.decode())


class Ident(Text, ident.IdentServer):
    def lookup(self, serverAddress, clientAddress):
        if serverAddress[1] == 6193:
            return ("OTHER", "alice")
        raise ident.HiddenUser()


class Ask(Text, ident.IdentClient):
    """Asks a server for the ports in the arguments and prints the answer."""

    def connectionMade(self):
        for pair in sys.argv[3:]:
            one, two = pair.split(",")
            answer = self.lookup(int(one), int(two))
            answer.addBoth(lambda found: print("answer", getattr(found, "value", found).__repr__(), flush=True))


SERVERS = {
    "finger": lambda: Factory.forProtocol(Finger),
    "ident": lambda: Factory.forProtocol(Ident),
}

if sys.argv[1] == "ask-ident":
    factory = ClientFactory()
    factory.protocol = Ask
    reactor.connectTCP("127.0.0.1", int(sys.argv[2]), factory)
    print("ready", flush=True)
    reactor.run()

port = reactor.listenTCP(0, SERVERS[sys.argv[1]](), interface="127.0.0.1")
print(f"ready {port.getHost().port}", flush=True)
reactor.run()
