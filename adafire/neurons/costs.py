"""What a law says of its costs, for whoever counts: bits of what is sent, bytes of what is kept (ours).

``law.costs(params, activation, steps)`` gives ``LawCosts``: of the module count.py, and of each class of a law. No caller asks
which law it is.
"""

import math
from typing import NamedTuple

WORD = 4
"""Bytes of one number that a neuron keeps: float32, or an integer of 32 bits."""


class LawCosts(NamedTuple):
    """message_bits: bits of a message, all that a neuron sends in a step, where it is sent at once; spike_bits: bits of one of
    its spikes, where they are sent one by one; longest_burst: most spikes of a step, of either sign; state_bytes: bytes that
    a neuron keeps from step to step; values: how many numbers above 0 the mean of what it sent can be after ``steps`` steps,
    up to the largest that one step can send. duration: sub-steps of a step, in each of which a neuron is updated, where the time of a spike
    within a step is part of the code; waits: whether a neuron sends only when all of a step has arrived, so that layers work one
    after the other. None: the law does not say, and has neither.
    """

    message_bits: int | None
    spike_bits: int | None
    longest_burst: int | None
    state_bytes: int | None
    values: int | None
    duration: int | None = None
    waits: bool | None = None

    @property
    def sub_steps(self):
        """Sub-steps of a step: as many as its longest burst where it has no times of its own."""
        return self.duration or self.longest_burst or 0


def costs_of(law, params, activation, steps):
    """``law.costs(...)``; a law of somebody's own need not have one.

    >>> costs_of(object(), None, None, 4).message_bits is None
    True
    """
    return law.costs(params, activation, steps) if hasattr(law, "costs") else LawCosts(None, None, None, None, None)


def bits_of(values):
    """Bits that tell ``values`` different messages from each other; a message is 1 bit at least.

    >>> [bits_of(n) for n in (1, 2, 4, 5, 8)]
    [1, 1, 2, 3, 3]
    """
    return max(1, math.ceil(math.log2(values)))


class Asked(NamedTuple):
    """What a law's state is held against: ``value`` (name of a field of the state, over theta) is asked for F_t / (theta ``per``),
    F_t the cumulative target, and at most ``most``; what is above by more than ``slack`` is too much. rounded: F_t / theta is
    asked for rounded down after adding v0, as in count.py. least: fewest spikes that a neuron has sent which is above; and where
    neither its target nor v0 is below 0 (infinity: none can be)."""

    value: str = "n"
    per: float = 1.0
    most: float = math.inf
    slack: float = 0.0
    rounded: bool = False
    least: tuple = (0.0, 0.0)
