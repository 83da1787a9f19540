"""The calls of a trace made again, one after the other, without the network's Python around them.

A pass that needs results of calls, and not what the network returns, gains from this: no modules are called and no function
is intercepted (ours). A network that writes into tensors in place is not replayed, for views of them would be missed.
"""

from .calls import FRAMES, INPUT, Stream
from .interception import tensors_in


class Again:
    """One call with the arguments of this time; looks like ``passes.Identity``."""

    __slots__ = ("func", "args", "kwargs")

    def __init__(self, func, args, kwargs):
        self.func, self.args, self.kwargs = func, args, kwargs


def argument_maker(tree):
    """A function of {call index: list of its results} that gives nested arguments with every Stream filled in."""
    if isinstance(tree, Stream):
        call, position = tree.call, tree.position
        return lambda results: results[call][position]
    if isinstance(tree, dict):
        made = {k: argument_maker(v) for k, v in tree.items()}
        if any(made.values()):
            return lambda results: {k: m(results) if m else tree[k] for k, m in made.items()}
    if isinstance(tree, (list, tuple)):
        made = [argument_maker(v) for v in tree]
        if any(made):
            kind = type(tree) if type(tree) in (list, tuple) else (lambda values: type(tree)(*values))
            return lambda results: kind([m(results) if m else v for m, v in zip(made, tree)])
    return None


class Step:
    """One call of a program, and the results that nobody needs after it."""

    __slots__ = ("call", "region", "func", "args", "kwargs", "done")

    def __init__(self, call):
        self.call, self.region, self.done = call, call.region, []
        self.func, args, kwargs = call.made
        self.args = argument_maker(args) or (lambda results: args)
        self.kwargs = argument_maker(kwargs) or (lambda results: kwargs)


def program(calls, regions, kept=()):
    """The calls in ``regions``, ready to be made again; results of the calls ``kept`` are asked for at the end."""
    steps = [Step(call) for call in calls if call.region in regions]
    known, last = {step.call.index for step in steps}, {}
    for k, step in enumerate(steps):
        for source in (step.call.index, *step.call.inputs):
            last[source] = k
    for source, k in last.items():
        if source in known and source not in kept:
            steps[k].done.append(source)
    return steps


def replay(steps, x, dispatch, before=None):
    """Make the calls of a program; ``dispatch(call, again)`` gives the result of each. before: {call index: result} of calls that
    were made elsewhere. Returns {call index: list of its results} of what is left."""
    results = dict.fromkeys((INPUT, FRAMES), tensors_in(x))
    results.update((index, _listed(out)) for index, out in (before or {}).items())
    for step in steps:
        out = dispatch(step.call, Again(step.func, step.args(results), step.kwargs(results)))
        results[step.call.index] = _listed(out)
        for index in step.done:
            del results[index]
    return results


def _listed(out):
    return (out,) if type(out) is not tuple and hasattr(out, "dim") else tensors_in(out)
