"""Twisted's Agent asks a site. Prints each answer as a line of JSON: name, status, location, type, content.

    twisted_site.py ORIGIN
"""
import json
import sys
import warnings

from twisted.internet import defer, reactor
from twisted.web import client, http_headers

warnings.simplefilter("ignore", DeprecationWarning)


def say(text):
    print(text, flush=True)


class Text:
    """Content of a request."""

    def __init__(self, text):
        self.body = text.encode()
        self.length = len(self.body)

    def startProducing(self, consumer):
        consumer.write(self.body)
        return defer.succeed(None)

    def pauseProducing(self):
        pass

    def resumeProducing(self):
        pass

    def stopProducing(self):
        pass


@defer.inlineCallbacks
def ask(origin):
    pool = client.HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = 1
    plain = client.Agent(reactor, pool=pool)
    following = client.BrowserLikeRedirectAgent(plain)

    @defer.inlineCallbacks
    def tell(name, path, method=b"GET", body=None, agent=plain, **fields):
        headers = http_headers.Headers({k.replace("_", "-"): [v] for k, v in fields.items()})
        response = yield agent.request(method, origin.encode() + path, headers, body)
        content = yield client.readBody(response)
        found = [response.headers.getRawHeaders(n, [None])[0] for n in ("location", "content-type")]
        say(json.dumps([name, response.code] + found + [content.decode()]))

    yield tell("text", b"/")
    yield tell("head", b"/", b"HEAD")
    yield tell("missing", b"/none")
    yield tell("route", b"/users/42")
    yield tell("json", b"/users", b"POST", Text('{"name":"ann"}'))
    yield tell("broken json", b"/users", b"POST", Text("{"))
    yield tell("method", b"/users", b"PATCH")
    form = "application/x-www-form-urlencoded"
    yield tell("form", b"/form", b"POST", Text("a=1&b=%3C"), content_type=form)
    yield tell("redirect", b"/folder?q=1")
    yield tell("followed", b"/folder?q=1", agent=following)
    yield tell("see other", b"/form", b"POST", Text("next=/users/7"), following, content_type=form)
    yield tell("stream", b"/stream")
    yield tell("later", b"/later")
    yield tell("file", b"/files/a.txt", range="bytes=1-3")
    yield tell("listing", b"/files/", accept="application/json")
    yield pool.closeCachedConnections()
    say("done")
    reactor.stop()


def failed(reason):
    say(reason.getTraceback())
    reactor.callWhenRunning(reactor.stop)


say("ready")
ask(sys.argv[1]).addErrback(failed)
reactor.run()
