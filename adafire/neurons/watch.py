"""What a simulation asks of a compiled kernel beside spikes and state: much of it is then not written to memory, and read again."""

import torch

from .layouts import rows_first

NONE = 2**63 - 1
"""Where no element is odd (LONG_MAX)."""


class Watch:
    """last: no step follows, so that of a state only what is asked for is kept: ``n`` where it is read out, and ``counts`` (events
    and, after more than one step, graded); the rest is None. A kernel that cannot tell what would be lost sets it to False, and keeps all.
    sent: messages of each row of the site [B] up to now (int64), added to; None: nobody asks, or no kernel knows.
    pending: None, or once a kernel has run that knows it, how many neurons of each row would send more in a further step with the same
    input [B] (int64): where there is none in a whole network that sends changes, it is at rest.
    told: None, or once a kernel has run [2]: the first element in memory whose current is NaN or infinite (``NONE``: none is); and,
    where ``last`` and ``counts`` hold, how many neurons have sent more than they were asked for (asked_for.py).
    """

    def __init__(self, last=False, n=True, counts=True, sent=None):
        self.last, self.n, self.counts, self.sent, self.told, self.pending = last, n, counts, sent, None, None

    def state(self, kind, like, same, how, steps):
        """A state of the NamedTuple ``kind`` for a kernel that takes it as zero, of tensors like ``like``, None what need not be kept.
        same: events and n (or, for laws that have a mean, events and graded) are one tensor. how: only the compiled kernels leave out."""
        part = lambda: torch.empty_like(like)
        last = self.last and how == "compiled"
        single = last and steps == 1  # messages are then where spikes are
        counted = part() if not last or self.counts else None
        n = part() if not last or self.n else None
        if "mean" in kind._fields:
            kept = dict(x=None, mean=None) if last else dict(x=part(), mean=part())
            return kind(
                **kept, n=n, events=counted, graded=counted if same or counted is None else None if single else part()
            )
        graded = None if counted is None or single else part()
        if same:
            n = counted = n if n is not None else counted
        return kind(x=None if last else part(), n=n, events=counted, graded=graded)

    def look(self, like):
        """Before a kernel runs on states like ``like`` [B, ...]: rows must follow each other in memory, so that places in it can be told
        as rows; else all is kept."""
        if not rows_first(like):
            self.last, self.sent = False, None

    def tell(self):
        """Where the kernel writes what is told."""
        self.told = torch.full((2,), NONE)
        return self.told.data_ptr()

    def look_ahead(self, after, rows):
        """Where the kernel counts what is ``pending``; None where nobody asks."""
        if self.sent is not None and after is not None:
            self.pending = torch.zeros(rows, dtype=torch.int64)
        return self.pending

    def held_against(self, params, t):
        """(per, slack, whether it is n that is held against what is asked for) of a law with a mean (asked_for.py), as a tensor; None
        where nobody asks now, or the law never sends too much."""
        asked = params.neuron.asked(params, t) if self.last and self.counts else None
        return None if asked is None else torch.tensor([asked.per, asked.slack, float(asked.value == "n")])
