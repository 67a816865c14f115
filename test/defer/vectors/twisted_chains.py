"""Runs random programs of Deferred operations on Twisted and writes down what happened, as JSON.

    python3 test/defer/vectors/twisted_chains.py > test/defer/vectors/twisted-chains.json

The programs' language is described in test/defer/twisted-chains.test.ts, which runs them on this package.
"""
import json
import random

from twisted import version
from twisted.internet.defer import AlreadyCalledError, CancelledError, Deferred
from twisted.python.failure import Failure

PROGRAMS = 400
ERRORS = {name: type(name, (Exception,), {}) for name in ("E1", "E2", "E3")}


def make_program(rng):
    count = rng.randint(2, 4)
    cancellers = [rng.choice(["none", "none", "noop", "value", "error"]) for _ in range(count)]

    def action(i):
        kinds = ["const", "const", "raise", "failure", "pause", "add", "fire", "cancel", None]
        if i + 1 < count:
            kinds += ["wait", "wait", "wait"]
        kind = rng.choice(kinds)
        if kind is None:
            return None
        if kind == "const":
            return [kind, rng.choice([rng.randint(0, 99), None])]
        if kind in ("raise", "failure"):
            return [kind, rng.choice(list(ERRORS))]
        if kind == "wait":
            return [kind, rng.randint(i + 1, count - 1)]
        if kind in ("fire", "cancel", "pause"):
            return [kind, rng.randint(0, count - 1)]
        return [kind]

    steps = []
    for _ in range(rng.randint(6, 22)):
        i = rng.randrange(count)
        op = rng.choice(["add"] * 7 + ["callback"] * 2 + ["errback", "cancel", "pause", "unpause", "unpause", "chain"])
        if op == "add":
            steps.append([op, i, action(i), action(i)])
        elif op == "callback":
            steps.append([op, i, rng.randint(100, 199)])
        elif op == "errback":
            steps.append([op, i, rng.choice(list(ERRORS))])
        elif op == "chain":
            if i + 1 < count:
                steps.append([op, i, rng.randint(i + 1, count - 1)])
        else:
            steps.append([op, i])
    return {"cancellers": cancellers, "steps": steps}


class Interpreter:
    """Runs one program. It is tainted where Twisted does what this package does not do on purpose: where a Deferred is
    paused, or waited for, by its own running callbacks, and Twisted runs the rest of them all the same, or takes the
    unfinished result; where one of two that wait for a Deferred is paused besides, and Twisted leaves the other waiting.
    """

    def __init__(self, program):
        self.program = program
        self.log = []
        self.pauses = [0] * len(program["cancellers"])
        self.tainted = False
        self.deferreds = [self.make(kind) for kind in program["cancellers"]]
        self.links = 0

    def make(self, kind):
        canceller = {
            "none": None,
            "noop": lambda d: None,
            "value": lambda d: d.callback(-1),
            "error": lambda d: d.errback(ERRORS["E1"]()),
        }[kind]
        return Deferred(canceller)

    def run(self):
        for step in self.program["steps"]:
            self.step(*step)
        for i in range(len(self.deferreds)):
            while self.pauses[i] > 0:
                self.step("unpause", i)
        for i, d in enumerate(self.deferreds):
            self.log.append(["paused" if d.paused else "open", i])
            self.add(i, None, None)
            d.addErrback(lambda failure: None)
        return None if self.tainted else self.log

    def step(self, op, i, *rest):
        d = self.deferreds[i]
        if op == "add":
            self.add(i, *rest)
        elif op == "callback":
            self.fire(lambda: d.callback(rest[0]), i)
        elif op == "errback":
            self.fire(lambda: d.errback(ERRORS[rest[0]]()), i)
        elif op == "cancel":
            d.cancel()
        elif op == "pause":
            self.pauses[i] += 1
            d.pause()
        elif op == "unpause":
            if self.pauses[i] > 0:
                self.pauses[i] -= 1
                d.unpause()
        elif op == "chain":
            d.chainDeferred(self.deferreds[rest[0]])
        self.tainted |= any(d.called and not d.paused and d.callbacks for d in self.deferreds)

    def fire(self, fire, i):
        try:
            fire()
        except AlreadyCalledError:
            self.log.append(["already", i])

    def add(self, i, on_callback, on_errback):
        link = self.links
        self.links += 1

        def called(result):
            self.log.append(["callback", i, link, result])
            return self.act(i, on_callback, result)

        def failed(failure):
            self.log.append(["errback", i, link, failure.type.__name__])
            return self.act(i, on_errback, failure)

        self.deferreds[i].addCallbacks(called, failed)

    def act(self, i, action, result):
        if action is None:
            return result
        kind, *rest = action
        if kind == "const":
            return rest[0]
        if kind == "raise":
            raise ERRORS[rest[0]]()
        if kind == "failure":
            return Failure(ERRORS[rest[0]]())
        if kind == "wait":
            inner = self.deferreds[rest[0]]
            if inner._runningCallbacks:
                self.tainted = True
            return inner
        if kind == "pause":
            if self.deferreds[rest[0]]._runningCallbacks:
                self.tainted = True
            self.pauses[rest[0]] += 1
            self.deferreds[rest[0]].pause()
        if kind == "add":
            self.add(i, None, None)
        if kind == "fire":
            self.fire(lambda: self.deferreds[rest[0]].callback(500 + i), rest[0])
        if kind == "cancel":
            self.deferreds[rest[0]].cancel()
        return result


def main():
    rng = random.Random(20261123)
    cases, tainted = [], 0
    while len(cases) < PROGRAMS:
        program = make_program(rng)
        try:
            log = Interpreter(program).run()
        except RecursionError:
            log = None
        if log is None:
            tainted += 1
            continue
        cases.append({**program, "log": log})
    head = {"twisted": version.short(), "setAside": tainted}
    print(json.dumps(head)[:-1] + ', "programs": [')
    print(",\n".join(json.dumps(case, separators=(",", ":")) for case in cases))
    print("]}")


main()
