"""A site of Twisted whose resources need Digest authentication. Prints its port.

    twisted_digest.py ALGORITHM
"""
import sys

from twisted.cred import checkers, portal
from twisted.internet import reactor
from twisted.web import guard, resource, server
from zope.interface import implementer


class Echo(resource.Resource):
    isLeaf = True

    def render(self, request):
        return request.method + b" " + request.uri


@implementer(portal.IRealm)
class Realm:
    def requestAvatar(self, avatar_id, mind, *interfaces):
        return resource.IResource, Echo(), lambda: None


checker = checkers.InMemoryUsernamePasswordDatabaseDontUse(alice=b"pa55 word")
factory = guard.DigestCredentialFactory(sys.argv[1].encode(), b"rope walk")
wrapper = guard.HTTPAuthSessionWrapper(portal.Portal(Realm(), [checker]), [factory])
port = reactor.listenTCP(0, server.Site(wrapper), interface="127.0.0.1")
print(f"ready {port.getHost().port}.", flush=True)
reactor.run()
