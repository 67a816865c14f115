"""Servers of HTTP/2 on a local port, which is printed.

    http2_servers.py h2 [RESET [LAST WINDOW]]
                                   the package h2, in clear text; it refuses each stream whose number RESET divides (0: none), and announces 20
                                   streams. Each connection ends after LAST requests, and receives WINDOW octets of a stream at a time
    http2_servers.py twisted PEM   Twisted's web server over TLS, which negotiates
"""
import asyncio
import sys


def say(text):
    print(text, flush=True)


async def serve_h2(refused, last=0, window=0):
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.errors import ErrorCodes
    from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated
    from h2.settings import SettingCodes

    async def serve(reader, writer):
        try:
            await serve_connection(reader, writer)
        finally:
            writer.close()

    async def serve_connection(reader, writer):
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        connection.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 20})
        if window:
            connection.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        requests = {}
        unsent = {}
        taken = []

        def flush(stream):
            content = unsent[stream]
            while content:
                size = min(
                    len(content),
                    connection.local_flow_control_window(stream),
                    connection.max_outbound_frame_size,
                )
                if size == 0:
                    unsent[stream] = content
                    return
                connection.send_data(stream, content[:size])
                content = content[size:]
            connection.send_headers(stream, [("x-end", "yes")], end_stream=True)
            del unsent[stream]

        def handle(event):
            if isinstance(event, RequestReceived):
                if refused and event.stream_id % refused == 0:
                    connection.reset_stream(event.stream_id, ErrorCodes.REFUSED_STREAM)
                    return
                if last and len(taken) == last:
                    return
                taken.append(event.stream_id)
                requests[event.stream_id] = (dict(event.headers), [])
            elif isinstance(event, DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.stream_id in requests:
                    requests[event.stream_id][1].append(event.data)
            elif isinstance(event, StreamEnded) and event.stream_id in requests:
                head, pieces = requests.pop(event.stream_id)
                connection.send_headers(event.stream_id, [(":status", "200")])
                content = b"".join(pieces)
                if head[":method"] == "GET":
                    content = f"GET {head[':path']}".encode()
                unsent[event.stream_id] = b"" if head[":method"] == "HEAD" else content
                flush(event.stream_id)
            elif isinstance(event, StreamReset):
                requests.pop(event.stream_id, None)
                unsent.pop(event.stream_id, None)
            elif isinstance(event, WindowUpdated):
                for stream in list(unsent):
                    flush(stream)

        while True:
            writer.write(connection.data_to_send())
            received = await reader.read(65536)
            if not received:
                break
            for event in connection.receive_data(received):
                handle(event)
            if last and len(taken) == last and not requests and not unsent:
                connection.close_connection(last_stream_id=taken[-1])
                writer.write(connection.data_to_send())
                # The client ends the connection. h2 accepts nothing behind a GOAWAY.
                while await reader.read(65536):
                    pass
                break

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    say(f"ready {server.sockets[0].getsockname()[1]}")
    await server.serve_forever()


def serve_twisted(pem):
    from twisted.internet import reactor, ssl
    from twisted.web import resource, server

    class Answer(resource.Resource):
        isLeaf = True

        def render_GET(self, request):
            return b"GET " + request.uri

        def render_POST(self, request):
            return request.content.read()

    with open(pem) as file:
        context = ssl.PrivateCertificate.loadPEM(file.read()).options()
    port = reactor.listenSSL(0, server.Site(Answer()), context, interface="127.0.0.1")
    say(f"ready {port.getHost().port}")
    reactor.run()


if sys.argv[1] == "h2":
    asyncio.run(serve_h2(*map(int, sys.argv[2:])))
else:
    serve_twisted(sys.argv[2])
