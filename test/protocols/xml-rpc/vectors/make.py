"""Writes python.json: messages as Python's xmlrpc.client serializes them, with the values in JSON."""
import json
import xmlrpc.client as x

HERE = __file__.rsplit("/", 1)[0]
VALUES = {
    "int": (1, 1),
    "smallest int": (-(2**31), -(2**31)),
    "largest int": (2**31 - 1, 2**31 - 1),
    "double": (1.5, 1.5),
    "large double": (1e100, 1e100),
    "small double": (1.25e-30, 1.25e-30),
    "true": (True, True),
    "false": (False, False),
    "string": ("a<&>\r\nb é 😀 ]]>", "a<&>\nb é 😀 ]]>"),
    "empty string": ("", ""),
    "dateTime": (x.DateTime("19980717T14:08:55"), {"$time": "19980717T14:08:55"}),
    "base64": (x.Binary(bytes(range(256))), {"$bytes": bytes(range(256)).hex()}),
    "array": ([1, [2, []], "x"], [1, [2, []], "x"]),
    "struct": ({"a": 1, "": {"b c": [None]}}, {"a": 1, "": {"b c": [None]}}),
    "nil": (None, None),
}
calls = [
    {"name": name, "text": x.dumps((value,), "some.method", allow_none=True), "value": expected}
    for name, (value, expected) in VALUES.items()
]
results = [
    {"name": name, "text": x.dumps((value,), methodresponse=True, allow_none=True), "value": expected}
    for name, (value, expected) in VALUES.items()
]
faults = [{"text": x.dumps(x.Fault(4, "Too many <params>")), "code": 4, "string": "Too many <params>"}]
with open(f"{HERE}/python.json", "w") as file:
    json.dump({"calls": calls, "results": results, "faults": faults}, file, indent=1, ensure_ascii=True)
    file.write("\n")
