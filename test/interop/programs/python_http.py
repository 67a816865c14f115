"""A client of http.client, of Python. Prints each result as a line of JSON: python_http.py PORT."""
import hashlib
import http.client
import json
import sys

PORT = int(sys.argv[1])
LARGE = b"hemp, flax and jute\n" * 100000


def request(connection, method, path, body=None, headers={}):
    connection.request(method, path, body, headers, encode_chunked=not hasattr(body, "__len__"))
    response = connection.getresponse()
    content = response.read()
    result = {"status": response.status, "version": response.version, "length": len(content)}
    result["digest"] = hashlib.sha256(content).hexdigest()
    result["content-length"] = response.getheader("Content-Length")
    if path == "/facts":
        result["facts"] = json.loads(content)
    return result


def tell(name, result):
    print(json.dumps([name, result]), flush=True)


print("ready", flush=True)
connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
tell("get", request(connection, "GET", "/"))
tell("head", request(connection, "HEAD", "/"))
tell("chunked", request(connection, "GET", "/pieces"))
tell("none", request(connection, "GET", "/empty"))
tell("content", request(connection, "POST", "/facts", LARGE))
chunked = {"Transfer-Encoding": "chunked"}
pieces = (LARGE[at : at + 50000] for at in range(0, len(LARGE), 50000))
tell("chunked content", request(connection, "PUT", "/facts", pieces, chunked))
tell("trailers", request(connection, "GET", "/trailers"))
old = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
old._http_vsn, old._http_vsn_str = 10, "HTTP/1.0"
tell("old", request(old, "GET", "/pieces"))
try:
    request(http.client.HTTPConnection("127.0.0.1", PORT, timeout=10), "GET", "/cut")
except (http.client.IncompleteRead, ConnectionError) as error:
    tell("cut", type(error).__name__)
