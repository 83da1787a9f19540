"""Samples that have come to rest are not simulated further, whatever the others of their batch do (ours).

In a network that comes to rest (state.py) a sample that has nothing left to send stays silent, and its totals are known. Were it
simulated on, rounding of its growing sums could wake it: what a sample does would depend on which others are in its batch. And where
few are left, only they cost time: they go on as a smaller batch, of a power of two (so that few plans are made), filled up with
samples at rest whose further steps nobody looks at. Their states are then held twice. On the CPU; elsewhere who rests is a number that
would have to be waited for.
"""

import torch

from ..errors import UnsupportedError
from ..graph import tensors_in
from .rows import check_rows, part


class Resting:
    """Who of the samples of ``whole``, a Run, still sends. left: the Run of those that do; rows: which samples of ``whole`` are in
    it [B'], of which ``live`` (a mask) are still looked at; since: the step up to which ``whole`` has each sample's state [B]."""

    def __init__(self, whole, plans):
        self.whole, self.left, self.plans = whole, whole, plans
        batch = whole.plan.trace.batch
        self.rows, self.live, self.since = torch.arange(batch), torch.ones(batch, dtype=torch.bool), torch.zeros(batch)
        self.rest = None

    @classmethod
    def of(cls, run, plans):
        """For a simulation that comes to rest, sample by sample; None where all its samples must go on together."""
        batch = run.plan.trace.batch
        if (
            plans is None
            or not run.comes_to_rest
            or batch == 1
            or any(t.device.type != "cpu" for t in tensors_in(run.x))
        ):
            return None
        if any(site.shape[:1] != (batch,) for site in run.plan.trace.sites):
            return None
        try:
            check_rows(run.plan)
        except UnsupportedError:
            return None
        return cls(run, plans)

    def found(self, rest):
        """Remember who of ``left`` is at ``rest`` [B'] after the step that was made; whether all are."""
        self.rest = rest
        return not (self.live & ~rest).any()

    def go_on(self):
        """The Run of those that have a further step to make."""
        if self.rest is not None:
            self._drop(self.rest)
            self.rest = None
        return self.left

    def _drop(self, rest):
        """Leave out the samples of ``left`` that are at ``rest`` [B'], not all of those that are ``live``."""
        gone, live = self.live & rest, self.live & ~rest
        if self.plans is None or not gone.any():
            return
        count = 1 << (int(live.sum()) - 1).bit_length()  # a power of two
        if self.left is self.whole:
            self.since[:] = self.left.t
        else:
            self._bring(gone)
            if count >= len(live):
                self.live = live
                return
        try:
            self._take(live, min(count, len(live)))
        except UnsupportedError:  # a state that is not of samples: all go on together, until all rest in one step
            self.plans = None

    def _take(self, live, count):
        """Go on with those that are ``live``, and others up to ``count``."""
        which = torch.cat([live.nonzero()[:, 0], (~live).nonzero()[:, 0]])[:count]
        self.left = part(self.left, which, self.plans)
        self.rows, self.live = self.rows[which], live[which]

    def settle(self):
        """Bring ``whole`` to the present step of ``left``: the states of those that go on, and what the others would have done."""
        whole, t = self.whole, self.left.t
        if self.left is whole:
            return
        self._bring(self.live)
        grown = t / self.since
        of = lambda tensor: grown.view(-1, *[1] * (tensor.dim() - 1)).to(tensor.dtype)
        for index, state in whole.neurons.items():
            whole.neurons[index] = state._replace(x=state.x * of(state.x), n=state.mean * float(t))
        whole.sums = {key: total * of(total) for key, total in whole.sums.items()}
        whole.silent = whole.silent + (t - self.since)
        whole.t, self.since[:] = t, t
        whole.told.clear()  # of other steps

    def _bring(self, which):
        """Put the state of samples of ``left`` (a mask) into ``whole``."""
        mine = which.nonzero()[:, 0]
        rows, left, whole = self.rows[mine], self.left, self.whole

        def put(old, new):
            if isinstance(old, torch.Tensor):
                old[rows] = new[mine].to(old.dtype)
            elif isinstance(old, (list, tuple)):
                for a, b in zip(old, new):
                    put(a, b)

        for name in ("neurons", "rates", "sums", "sent"):
            kept, new = getattr(whole, name), getattr(left, name)
            for key, value in new.items():
                put(kept[key], value)
        for index, counts in left.nonzero.items():
            if whole.plan.trace.calls[index].region == "steps":
                put(whole.nonzero[index], counts)
        put(whole.silent, left.silent)
        self.since[rows] = float(left.t)
