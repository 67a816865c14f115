"""A Twisted member of a multicast group: twisted_multicast.py GROUP PORT INTERFACE.

Answers "ping" to whoever sent it, and tells the whole group of "shout".
"""
import sys

from twisted.internet import protocol, reactor

GROUP, PORT, INTERFACE = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Member(protocol.DatagramProtocol):
    def startProtocol(self):
        self.transport.setOutgoingInterface(INTERFACE)
        joined = self.transport.joinGroup(GROUP, INTERFACE)
        joined.addCallback(lambda _: print("ready", flush=True))

    def datagramReceived(self, data, address):
        if data.startswith(b"ping"):
            self.transport.write(b"twisted heard " + data, address)
        elif data == b"shout":
            self.transport.write(b"twisted shouts", (GROUP, PORT))
        elif data == b"quit":
            reactor.stop()


reactor.listenMulticast(PORT, Member(), listenMultiple=True)
reactor.callLater(60, reactor.stop)
reactor.run()
