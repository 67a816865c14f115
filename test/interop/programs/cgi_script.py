#!/usr/bin/python3
"""Answers with the fields of a form, by Python's own parser."""
import os
import sys
import urllib.parse

form = urllib.parse.parse_qs(sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH", 0))).decode())
print("Status: 201 Created")
print("Content-Type: text/plain; charset=utf-8")
print("X-Proxy:", os.environ.get("HTTP_PROXY", "none"))
print()
print(sorted(form.items()))
