"""Writes a log in Twisted's form, or formats the events of one: `twisted_log.py write|read FILE`."""
import sys

from twisted.logger import (
    Logger,
    LogPublisher,
    eventAsText,
    eventsFromJSONLogFile,
    formatEvent,
    jsonFileLogObserver,
)


def write(path):
    with open(path, "w", encoding="utf-8") as file:
        log = Logger("chat.rooms", observer=LogPublisher(jsonFileLogObserver(file)))
        log.info("{user} joined {room!r} and {room!r}", user="ann", room="a{b}")
        log.warn("{count:>5} wait, {f()}", count=5, f=lambda: "called")
        try:
            raise ValueError("broken")
        except ValueError:
            log.failure("while {doing}", doing="saving")
        file.write('\x1e{"log_format": "trunc')


def read(path):
    with open(path, encoding="utf-8") as file:
        for event in eventsFromJSONLogFile(file):
            failure = event.get("log_failure")
            kind = "" if failure is None else " " + failure.type.__name__ + " " + str(failure.value)
            print(event["log_level"].name, event["log_namespace"], event["log_time"], formatEvent(event) + kind)
            eventAsText(event)


{"write": write, "read": read}[sys.argv[1]](sys.argv[2])
