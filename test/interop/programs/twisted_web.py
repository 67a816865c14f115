"""A Twisted peer for HTTP. Prints each result as a line of JSON.

    twisted_web.py serve FOLDER    serves the folder at /files and a few resources; prints the port
    twisted_web.py ask ORIGIN      asks an HTTP server at ORIGIN for the paths of the tests
"""
import hashlib
import io
import json
import sys
import warnings

from twisted.internet import defer, endpoints, reactor, task
from twisted.web import client, http_headers, iweb, resource, server, static
from zope.interface import implementer


# readBody warns of response objects of Twisted itself.
warnings.simplefilter("ignore", DeprecationWarning)


def say(text):
    print(text, flush=True)


class Echo(resource.Resource):
    isLeaf = True

    def render_POST(self, request):
        return request.content.read()


class Pieces(resource.Resource):
    """Content without a length: chunked, or until the end of the connection in HTTP/1.0."""

    isLeaf = True

    def render_GET(self, request):
        self.write(request, 0)
        return server.NOT_DONE_YET

    def write(self, request, count):
        if count == 20:
            request.finish()
            return
        request.write(b"%d." % count * 1000)
        reactor.callLater(0, self.write, request, count + 1)


class Cut(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        request.setHeader(b"Content-Length", b"100")
        request.write(b"half")
        reactor.callLater(0, request.loseConnection)
        return server.NOT_DONE_YET


class Method(resource.Resource):
    isLeaf = True

    def render(self, request):
        return request.method + b" " + request.uri + b" " + request.clientproto


class Empty(resource.Resource):
    isLeaf = True

    def render(self, request):
        request.setResponseCode(204)
        return b""


@defer.inlineCallbacks
def serve(folder):
    root = resource.Resource()
    root.putChild(b"echo", Echo())
    root.putChild(b"pieces", Pieces())
    root.putChild(b"cut", Cut())
    root.putChild(b"method", Method())
    root.putChild(b"empty", Empty())
    root.putChild(b"files", static.File(folder))
    endpoint = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = yield endpoint.listen(server.Site(root))
    say("ready %d" % port.getHost().port)


@implementer(iweb.IBodyProducer)
class UnknownLength:
    """Produces content whose length is not announced."""

    length = iweb.UNKNOWN_LENGTH

    def __init__(self, pieces):
        self.pieces = pieces

    def startProducing(self, consumer):
        self.task = task.cooperate(map(consumer.write, self.pieces))
        return self.task.whenDone()

    def pauseProducing(self):
        self.task.pause()

    def resumeProducing(self):
        self.task.resume()

    def stopProducing(self):
        self.task.stop()


@defer.inlineCallbacks
def ask(origin):
    pool = client.HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = 1
    pool.retryAutomatically = False
    agent = client.Agent(reactor, pool=pool)

    @defer.inlineCallbacks
    def request(method, path, body=None, agent=agent):
        headers = http_headers.Headers({b"X-Fibre": [b"hemp", b"flax"]})
        response = yield agent.request(method, origin.encode() + path, headers, body)
        content = yield client.readBody(response)
        result = {"status": response.code, "length": len(content)}
        result["digest"] = hashlib.sha256(content).hexdigest()
        fields = response.headers
        for name in ("content-length", "content-type", "content-encoding"):
            result[name] = (fields.getRawHeaders(name) or [None])[0]
        if path == b"/facts":
            result["facts"] = json.loads(content)
        return result

    def tell(name, result):
        say(json.dumps([name, result]))

    large = b"hemp, flax and jute\n" * 100000
    tell("get", (yield request(b"GET", b"/")))
    tell("head", (yield request(b"HEAD", b"/")))
    tell("chunked", (yield request(b"GET", b"/pieces")))
    tell("none", (yield request(b"GET", b"/empty")))
    tell("fields", (yield request(b"GET", b"/facts")))
    body = client.FileBodyProducer(io.BytesIO(large))
    tell("content", (yield request(b"POST", b"/facts", body)))
    body = UnknownLength([large[at : at + 50000] for at in range(0, len(large), 50000)])
    tell("chunked content", (yield request(b"PUT", b"/facts", body)))
    following = client.RedirectAgent(agent)
    tell("redirect", (yield request(b"GET", b"/moved", agent=following)))
    decoding = client.ContentDecoderAgent(agent, [(b"gzip", client.GzipDecoder)])
    tell("coded", (yield request(b"GET", b"/text", agent=decoding)))
    try:
        yield request(b"GET", b"/cut")
    except Exception as error:
        tell("cut", [reason.type.__name__ for reason in getattr(error, "reasons", [])])
    yield pool.closeCachedConnections()
    say("done")
    reactor.stop()


if sys.argv[1] == "serve":
    work = serve(sys.argv[2])
else:
    say("ready")
    work = ask(sys.argv[2])


def failed(reason):
    say(reason.getTraceback())
    reactor.callWhenRunning(reactor.stop)


work.addErrback(failed)
reactor.run()
