"""Servers of Twisted's small protocols: `twisted_small_protocols.py NAME`. Prints "ready PORT"."""

import sys

from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.protocols import finger


class Finger(finger.Finger):
    def getUser(self, slash_w, user):
        self._refuseMessage(b"%s %d\nescape \x1b" % (user, slash_w))


SERVERS = {"finger": lambda: Factory.forProtocol(Finger)}

port = reactor.listenTCP(0, SERVERS[sys.argv[1]](), interface="127.0.0.1")
print(f"ready {port.getHost().port}", flush=True)
reactor.run()
