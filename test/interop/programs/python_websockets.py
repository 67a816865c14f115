"""A peer that uses the library websockets of Python.

    python_websockets.py ask URI [deflate]      runs the scenario as a client; prints each result as a line of JSON
    python_websockets.py serve [deflate]        echoes, and does what commands say: see rig.ts; prints the port
"""
import asyncio
import json
import sys

import websockets
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

deflate = sys.argv[-1].startswith("deflate")
bits = {"server_max_window_bits": 10, "client_max_window_bits": 10}
takeover = {"server_no_context_takeover": True, "client_no_context_takeover": True}
extensions = None
if deflate:
    settings = {"deflate": {}, "deflate-bits": bits, "deflate-alone": takeover}[sys.argv[-1]]
    make = ClientPerMessageDeflateFactory if sys.argv[1] == "ask" else ServerPerMessageDeflateFactory
    extensions = [make(**settings)]
COMMON = {"compression": None, "extensions": extensions, "max_size": None}


def tell(name, result):
    print(json.dumps([name, result]), flush=True)


async def ask(uri):
    print("ready", flush=True)

    def connect(**more):
        return websockets.connect(uri, **COMMON, **more)

    async with connect(subprotocols=["other", "shout"]) as socket:
        tell("extensions", socket.response_headers.get("Sec-WebSocket-Extensions"))
        tell("subprotocol", socket.subprotocol)

        async def echo(message):
            await socket.send(message)
            return await socket.recv()

        tell("text", await echo("hemp \u20ac \U0001f9f5"))
        tell("empty", await echo(""))
        tell("bytes", list(await echo(bytes(range(256)))))
        large = "hemp, flax and jute\n" * 50000
        tell("large", await echo(large) == large)
        many = [str(i) * 100 for i in range(500)]
        for text in many:
            await socket.send(text)
        tell("many", [await socket.recv() for _ in many] == many)
        await socket.send(["hemp, ", "flax ", "and jute"])
        tell("fragments", await socket.recv())
        tell("fragments from the server", await echo("!fragments"))
        await (await socket.ping(b"knock"))
        tell("pong", True)
        tell("pinged by the server", await echo("!ping"))
        await socket.close(3000, "farewell")
        tell("close", [socket.close_code, socket.close_reason])
    async with connect() as socket:
        await socket.send("!close")
        await socket.wait_closed()
        tell("closed by the server", [socket.close_code, socket.close_reason])
    async with connect() as socket:
        await socket.send("x" * 2000001)
        await socket.wait_closed()
        tell("too big", [socket.close_code, socket.close_reason])


async def session(socket):
    async for message in socket:
        if message == "!close":
            await socket.close(4001, "bye")
        elif message == "!fragments":
            await socket.send(["one, ", "two ", "and three"])
        elif message == "!ping":
            await (await socket.ping(b"knock"))
            await socket.send("pong knock")
        else:
            await socket.send(message)


async def serve():
    async with websockets.serve(
        session, "127.0.0.1", 0, subprotocols=["shout"], **COMMON
    ) as server:
        print("ready %d" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(ask(sys.argv[2]) if sys.argv[1] == "ask" else serve())
