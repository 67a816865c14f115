"""What twisted.conch.insults makes of bytes and calls: one JSON request a line, one JSON answer a line."""

import json
import sys

from twisted.conch.insults import insults

SETS = ["CS_US", "CS_UK", "CS_DRAWING", "CS_ALTERNATE", "CS_ALTERNATE_SPECIAL"]


def plain(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value


class Recorder:
    """A terminal, or an application of one, that records the calls."""

    def __init__(self):
        self.calls = []

    def makeConnection(self, transport):
        pass

    def __getattr__(self, name):
        def record(*args):
            self.calls.append([name] + [plain(arg) for arg in args])
            return (0, 0)

        return record


class Transport:
    def __init__(self):
        self.sent = b""

    def write(self, data):
        self.sent += data


def client(text):
    """The operations that a program calls by its output."""
    recorder = Recorder()
    protocol = insults.ClientProtocol(lambda: recorder)
    protocol.makeConnection(Transport())
    protocol.dataReceived(text.encode("latin-1"))
    return recorder.calls


def keys(text):
    """The keys that a terminal sends."""
    recorder = Recorder()
    protocol = insults.ServerProtocol(lambda: recorder)
    protocol.makeConnection(Transport())
    protocol.dataReceived(text.encode("latin-1"))
    return recorder.calls


def write(calls):
    """The bytes of operations."""
    transport = Transport()
    protocol = insults.ServerProtocol()
    protocol.makeConnection(transport)
    for name, *args in calls:
        args = [arg.encode("latin-1") if isinstance(arg, str) and name != "selectGraphicRendition" else arg for arg in args]
        getattr(protocol, name)(*args)
    return transport.sent.decode("latin-1")


def names(interface):
    """The methods of an interface, without those of interfaces that it inherits."""
    return list(getattr(insults, interface).names())


print("ready", flush=True)
for line in sys.stdin:
    kind, argument = json.loads(line)
    answer = {"client": client, "keys": keys, "write": write, "names": names}[kind](argument)
    print(json.dumps(answer), flush=True)
