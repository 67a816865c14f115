"""A peer that uses Autobahn on Twisted.

    autobahn_websocket.py ask URI [deflate]    runs the scenario as a client; prints each result as a line of JSON
    autobahn_websocket.py serve [deflate]      echoes, and does what commands say: see rig.ts; prints the port
"""
import json
import sys

from autobahn.twisted.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from twisted.internet import defer, endpoints, reactor

deflate = sys.argv[-1] == "deflate"


def say(text):
    print(text, flush=True)


def tell(name, result):
    say(json.dumps([name, result]))


def accept(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)


def accept_offer(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)


class Client(WebSocketClientProtocol):
    def onConnect(self, response):
        self.response = response

    def onOpen(self):
        self.messages = defer.DeferredQueue()
        self.pongs = defer.DeferredQueue()
        self.closed = defer.Deferred()
        self.factory.opened.callback(self)

    def onMessage(self, payload, isBinary):
        self.messages.put(list(payload) if isBinary else payload.decode())

    def onPong(self, payload):
        self.pongs.put(payload.decode())

    def onClose(self, wasClean, code, reason):
        # Autobahn calls this without onOpen, too.
        if self.factory.opened.called:
            self.closed.callback([self.remoteCloseCode, self.remoteCloseReason or ""])
        else:
            self.factory.opened.errback(Exception("refused: %s" % reason))

    def echo(self, text):
        self.sendMessage(text.encode())
        return self.messages.get()


def connect(uri):
    factory = WebSocketClientFactory(uri, protocols=["other", "shout"])
    factory.protocol = Client
    factory.opened = defer.Deferred()
    if deflate:
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=accept,
        )
    reactor.connectTCP("127.0.0.1", factory.port, factory)
    return factory.opened


@defer.inlineCallbacks
def ask(uri):
    socket = yield connect(uri)
    tell("extensions", socket.http_headers.get("sec-websocket-extensions"))
    tell("subprotocol", socket.response.protocol)
    tell("text", (yield socket.echo("hemp \u20ac \U0001f9f5")))
    tell("empty", (yield socket.echo("")))
    socket.sendMessage(bytes(range(256)), isBinary=True)
    tell("bytes", (yield socket.messages.get()))
    large = "hemp, flax and jute\n" * 50000
    tell("large", (yield socket.echo(large)) == large)
    many = [str(i) * 100 for i in range(500)]
    for text in many:
        socket.sendMessage(text.encode())
    received = []
    for _ in many:
        received.append((yield socket.messages.get()))
    tell("many", received == many)
    # Each piece is a frame; a ping is between them.
    socket.beginMessage()
    socket.sendMessageFrame(b"hemp, ")
    socket.sendPing(b"knock")
    socket.sendMessageFrame(b"flax ")
    socket.sendMessageFrame(b"and jute")
    socket.endMessage()
    tell("fragments", (yield socket.messages.get()))
    tell("pong", (yield socket.pongs.get()) == "knock")
    tell("fragments from the server", (yield socket.echo("!fragments")))
    tell("pinged by the server", (yield socket.echo("!ping")))
    socket.sendClose(3000, "farewell")
    tell("close", (yield socket.closed))
    socket = yield connect(uri)
    socket.sendMessage(b"!close")
    tell("closed by the server", (yield socket.closed))
    socket = yield connect(uri)
    socket.sendMessage(b"x" * 2000001)
    tell("too big", (yield socket.closed))
    socket = yield connect(uri)
    socket.sendMessage(b"hemp \xff")
    tell("not text", (yield socket.closed))
    say("done")
    reactor.stop()


class Server(WebSocketServerProtocol):
    def onConnect(self, request):
        return "shout" if "shout" in request.protocols else None

    def onMessage(self, payload, isBinary):
        if payload == b"!close":
            self.sendClose(4001, "bye")
        elif payload == b"!fragments":
            self.beginMessage()
            for piece in (b"one, ", b"two ", b"and three"):
                self.sendMessageFrame(piece)
            self.endMessage()
        elif payload == b"!ping":
            self.sendPing(b"knock")
        else:
            self.sendMessage(payload, isBinary)

    def onPong(self, payload):
        self.sendMessage(b"pong " + payload)


@defer.inlineCallbacks
def serve():
    factory = WebSocketServerFactory()
    factory.protocol = Server
    factory.setProtocolOptions(echoCloseCodeReason=True)
    if deflate:
        factory.setProtocolOptions(perMessageCompressionAccept=accept_offer)
    endpoint = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = yield endpoint.listen(factory)
    say("ready %d" % port.getHost().port)


def failed(reason):
    say(reason.getTraceback())
    reactor.callWhenRunning(reactor.stop)


if sys.argv[1] == "serve":
    work = serve()
else:
    say("ready")
    work = ask(sys.argv[2])
work.addErrback(failed)
reactor.run()
