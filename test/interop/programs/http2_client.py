"""A client of HTTP/2 with the package h2, in clear text: http2_client.py PORT. It prints its results as lines of JSON.

It sends content with trailers, receives content through a small window, uploads as the windows permit, and reports how the
connection is drained.
"""
import json
import socket
import sys

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes

WINDOW = 1000


def say(name, value):
    print(json.dumps({name: value}), flush=True)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.connection = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.connection.initiate_connection()
        self.connection.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: WINDOW})
        self.received = b""
        self.responses = {}
        self.goaways = []
        self.most = 0
        self.is_open = True
        self.flush()

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def request(self, method, path, fields=(), ends=True):
        stream = self.connection.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "http"), (":authority", "app"), (":path", path)]
        self.connection.send_headers(stream, head + list(fields), end_stream=ends)
        self.responses[stream] = {"fields": {}, "content": b"", "trailers": {}, "end": None}
        self.flush()
        return stream

    def step(self):
        received = self.socket.recv(65536)
        if not received:
            self.is_open = False
        self.received += received
        # One frame at a time, because h2 takes every GOAWAY for the end: streams go on (RFC 9113 section 6.8).
        while len(self.received) >= 9:
            end = 9 + int.from_bytes(self.received[:3], "big")
            if len(self.received) < end:
                break
            frame, self.received = self.received[:end], self.received[end:]
            for event in self.connection.receive_data(frame):
                self.handle(event)
            self.connection.state_machine.state = ConnectionState.CLIENT_OPEN
        self.flush()

    def handle(self, event):
        response = self.responses.get(getattr(event, "stream_id", None))
        if isinstance(event, ResponseReceived):
            response["fields"] = dict(event.headers)
        elif isinstance(event, DataReceived):
            response["content"] += event.data
            self.most = max(self.most, len(event.data))
            if event.flow_controlled_length:
                stream = event.stream_id
                self.connection.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, TrailersReceived):
            response["trailers"] = dict(event.headers)
        elif isinstance(event, StreamEnded):
            response["end"] = "end"
        elif isinstance(event, StreamReset):
            response["end"] = f"reset {int(event.error_code)}"
        elif isinstance(event, ConnectionTerminated):
            self.goaways.append([int(event.error_code), event.last_stream_id])

    def upload(self, stream, content, trailers):
        while content:
            size = min(
                len(content),
                self.connection.local_flow_control_window(stream),
                self.connection.max_outbound_frame_size,
            )
            if size == 0:
                self.step()
                continue
            self.connection.send_data(stream, content[:size])
            content = content[size:]
            self.flush()
        self.connection.send_headers(stream, trailers, end_stream=True)
        self.flush()

    def until_end(self, *streams):
        while self.is_open and any(self.responses[stream]["end"] is None for stream in streams):
            self.step()
        return [self.responses[stream] for stream in streams]


client = Client(int(sys.argv[1]))

stream = client.request("POST", "/facts", [("te", "trailers")], ends=False)
client.upload(stream, b"hemp, flax and jute\n" * 100_000, [("sum", "42"), ("next", "43")])
(response,) = client.until_end(stream)
say("facts", json.loads(response["content"]))

trailed, pieces, refused = [client.request("GET", path) for path in ("/trailers", "/pieces", "/none")]
responses = client.until_end(trailed, pieces, refused)
say("trailers", [responses[0]["content"].decode(), responses[0]["trailers"]])
say("pieces", [len(responses[1]["content"]), client.most <= WINDOW])
say("status", [response["fields"][":status"] for response in responses])

cancelled = client.request("GET", "/held")
client.connection.reset_stream(cancelled, ErrorCodes.CANCEL)
client.flush()

# Answered although the server drains: `held` is in progress when it says so.
held = client.request("GET", "/held")
say("waiting", held)
(response,) = client.until_end(held)
say("held", [response["content"].decode(), response["end"]])
while client.is_open:
    client.step()
say("goaways", client.goaways)
