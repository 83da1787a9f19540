"""The streaming law of binary bursts (ours): receivers hold a value, and a neuron sends what changed of it.

With h what receivers hold, in units of theta, and a = f(current + bias) / theta of the present input alone,

    wanted = a - h where that is more than the dead zone, else 0;    h <- h + burst(wanted)

``burst`` is that of differential.py: a signed binary number whose last digit rounds. So h is a rounded to the finest level, or
within the dead zone of it, whatever came before: nothing drifts, and where nothing changes nothing is sent. A change larger than
a burst can tell is told by the bursts after it.
"""

import torch

from . import kernels as fused
from .sigma_delta import SigmaDelta


def in_memory(tensor):
    """A tensor without gaps as one dimension [n], in the order in which it lies in memory: a view."""
    return tensor.as_strided((tensor.numel(),), (1,), tensor.storage_offset())


class HeldBurst(SigmaDelta):
    """The law, for ``NeuronParams.neuron``, step by step as in sigma_delta.py. law: the ``DifferentialBurst`` whose bursts are
    sent; zone: changes up to so many of its finest levels are not sent (below 33/64 nothing is to be seen of it: rounding sends
    no such change either)."""

    def __init__(self, law, zone=0.0):
        self.law, self.zone = law, zone

    @property
    def levels(self):
        """Spike sizes of a burst."""
        return self.law.levels

    @property
    def finest(self):
        """The finest level, over theta."""
        return 2.0 ** (1 - self.law.levels)

    def fast(self, z, t, steps, params, state, site):
        """``scan`` by the fused kernel (the same bits), of a stream's one step from what is held, or None where that does not apply:
        from a mean of h, one step of the differential law is this one."""
        if t or steps != 1 or state is None:
            return None
        fresh = state._replace(**{k: torch.zeros_like(state.mean) for k in ("x", "n", "events", "graded")})
        fresh = fresh._replace(mean=state.mean.clone())  # overwritten; a call that fails leaves the stream as it was
        return fused.differential(z, 0, 1, params, fresh, site, [1.0], self.zone * self.finest)

    def told(self, a, held, most):
        """(change of what is held, spikes of the burst that tells it), in units of theta.

        >>> from .differential import DifferentialBurst
        >>> a, held = torch.tensor([0.9, 0.3, 0.55]), torch.tensor([0.0, 0.25, 0.5])
        >>> HeldBurst(DifferentialBurst(levels=3)).told(a, held, 8)
        (tensor([1., 0., 0.]), tensor([1., 0., 0.]))
        >>> HeldBurst(DifferentialBurst(levels=3), zone=4.0).told(a, held, 8)
        (tensor([0., 0., 0.]), tensor([0., 0., 0.]))
        """
        wanted = a - held
        wanted = torch.where(wanted.abs() > self.zone * self.finest, wanted, 0.0)
        return self.bursts(wanted, float(most))

    def spikes_of(self, values, t, before=None):
        """Spikes that tell receivers pooled ``values`` [K, ...], in units of theta, after the value ``before``."""
        before = torch.zeros_like(values[:1]) if before is None else before[None]
        return self.bursts(torch.diff(values, dim=0, prepend=before), float("inf"))[1]

    def bursts(self, wanted, most):
        """``law.burst`` of ``wanted``, at weight 1, the same bits: of a change below half of the finest level no digit is other
        than 0, so that where few want more only these are spelled."""
        if wanted.device.type != "cpu":  # how many they are is a number that a GPU would have to be waited for
            return self.law.burst(wanted, 1.0, most)
        where = wanted.abs() >= 0.5 * self.finest
        total = int(where.sum())
        if 5 * total > wanted.numel():
            return self.law.burst(wanted, 1.0, most)
        change, spikes = torch.zeros_like(wanted), torch.zeros_like(wanted)
        if total:
            rows = in_memory(where).nonzero().squeeze(1)
            told = self.law.burst(in_memory(wanted)[rows], 1.0, most)
            for out, values in zip((change, spikes), told):
                in_memory(out)[rows] = values
        return change, spikes

    def costs(self, params, activation, steps):
        """``LawCosts``, as of the law that it is made of, in one step."""
        return self.law.costs(params, activation, 1)

    def words(self, params):
        """What the law is called."""
        return f"held binary burst ({self.law.levels} levels)"
