"""Peers of XML-RPC: `client URL`, `server`, `twisted-client URL`, `twisted-server`. Each prints whole lines."""
import sys
import xmlrpc.client

VALUES = [1, -(2**31), 1.5, True, "é <&> 😀", [1, ["x"]], {"a": {"b": ""}}, None]


def echo(*values):
    return list(values)


def client(url):
    proxy = xmlrpc.client.ServerProxy(url, allow_none=True)
    print("echo", proxy.echo(*VALUES) == VALUES, flush=True)
    print("bytes", proxy.echo(xmlrpc.client.Binary(bytes(range(256))))[0].data == bytes(range(256)), flush=True)
    print("time", proxy.echo(xmlrpc.client.DateTime("19980717T14:08:55"))[0].value, flush=True)
    print("large", proxy.large(), flush=True)
    print("methods", proxy.system.listMethods(), flush=True)
    multicall = xmlrpc.client.MultiCall(proxy)
    multicall.add(1, 2)
    multicall.echo("x")
    print("multicall", list(multicall()), flush=True)
    for name in ("fault", "none"):
        try:
            getattr(proxy, name)()
        except xmlrpc.client.Fault as fault:
            print(name, fault.faultCode, fault.faultString, flush=True)


def server():
    from xmlrpc.server import SimpleXMLRPCServer

    peer = SimpleXMLRPCServer(("127.0.0.1", 0), allow_none=True, logRequests=False)
    peer.register_introspection_functions()
    peer.register_function(echo)
    peer.register_function(lambda: 1 / 0, "broken")
    print("port", peer.server_address[1], flush=True)
    peer.serve_forever()


def twisted_client(url):
    from twisted.internet import reactor
    from twisted.internet.defer import ensureDeferred
    from twisted.web.xmlrpc import Fault, Proxy

    async def run():
        proxy = Proxy(url.encode(), allowNone=True)
        print("echo", await proxy.callRemote("echo", *VALUES) == VALUES, flush=True)
        print("add", await proxy.callRemote("add", 1, 2), flush=True)
        try:
            await proxy.callRemote("fault")
        except Fault as fault:
            print("fault", fault.faultCode, fault.faultString, flush=True)
        reactor.stop()

    def failed(failure):
        failure.printTraceback()
        reactor.stop()

    reactor.callWhenRunning(lambda: ensureDeferred(run()).addErrback(failed))
    reactor.run()


def twisted_server():
    from twisted.internet import reactor
    from twisted.web import server as web
    from twisted.web.xmlrpc import XMLRPC, Fault, addIntrospection

    class Peer(XMLRPC):
        def xmlrpc_echo(self, *values):
            return list(values)

        def xmlrpc_fault(self):
            raise Fault(5, "of Twisted")

    root = Peer(allowNone=True)
    addIntrospection(root)
    port = reactor.listenTCP(0, web.Site(root), interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
    reactor.run()


{"client": client, "server": server, "twisted-client": twisted_client, "twisted-server": twisted_server}[
    sys.argv[1]
](*sys.argv[2:])
