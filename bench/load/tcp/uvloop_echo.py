"""asyncio's protocols on uvloop (libuv in Cython); TCP_NODELAY is its default."""

import argparse
import asyncio
import gc
import sys

import uvloop


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Lines(Echo):
    rest = b""

    def data_received(self, data):
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            self.transport.write(line + b"\n")


def collect():
    gc.collect()
    print("COLLECTED", flush=True)


async def serve(mode, port):
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    protocol = Lines if mode == "lines" else Echo
    server = await loop.create_server(protocol, "127.0.0.1", port, backlog=1024)

    def input_received():
        if sys.stdin.buffer.read1():
            collect()
        else:
            loop.remove_reader(sys.stdin)
            ended.set_result(None)

    loop.add_reader(sys.stdin, input_received)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await ended


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="echo")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    uvloop.install()
    asyncio.run(serve(args.mode, args.port))


main()
