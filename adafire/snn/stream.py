"""A converted network on a stream: one input after the other, state kept between them (ours).

    with snn.stream() as stream:
        for frame in frames:
            outputs = stream(frame)
    print(stream.report())

`ours` and `sigma-delta` have a streaming law: what a receiver was told it holds, neurons send changes, and a call is one step. Other
methods are run afresh on each input, all their timesteps. The state is exact (held values are multiples of powers of two), and of the
size of one input's: a stream may be endless. What is told is what changed, so that a camera cut is only a large change.

Time: what has the operands of the call before is not computed again, and where nothing changes at all nothing is
(simulation/memo.py).

Cost: spikes as ever; of the layers that see the input the weights whose operand changed since the call before, one
multiply-accumulate each (the products are then added to what these layers hold); other analog products in full, at every call.
"""

import torch

from ..cost import Meter, changed_macs
from ..errors import InputError
from ..graph import map_tensors, normal_mode, tensors_in, x_batch
from ..neurons import DifferentialBurst, HeldBurst, SigmaDelta
from ..simulation import Memo, Run, advance_chunk, cast, read_out, same


class Stream:
    """One stream; made by ``SNN.stream``. ``report()`` and ``last()`` price what all calls, and the last one, did: figures are
    means over samples, of which each call has ``batch``."""

    def __init__(self, snn, batch=1, zone=0.0, refresh=None):
        if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
            raise InputError(f"batch={batch!r}; expected a whole number of 1 or more")
        if not isinstance(zone, (int, float)) or isinstance(zone, bool) or not 0 <= zone < float("inf"):
            raise InputError(f"zone={zone!r}; expected a number of finest levels, 0 or more")
        if refresh is not None and (not isinstance(refresh, int) or isinstance(refresh, bool) or refresh < 1):
            raise InputError(f"refresh={refresh!r}; expected a number of calls of 1 or more, or None")
        self.snn, self.batch, self.refresh = snn, batch, refresh
        self.params = streaming(snn.params, zone) if snn.method.kind == "snn" and snn.exit is None else None
        if zone and self.params is None:
            raise InputError(
                f"zone={zone!r}: method {snn.method.name} has no streaming law, it is run afresh on each input; leave zone=0"
            )
        self._total, self._last, self._calls, self._shapes, self._open = Meter(), Meter(), 0, None, True
        self.reset()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open = False
        self.reset()

    def reset(self):
        """Forget the state (not what was counted): the next input is told whole."""
        self._neurons, self._rates, self._before, self._memo, self._still = {}, {}, None, Memo(), None

    @property
    def timesteps(self):
        """Steps of a call: 1, or those of a method without a streaming law."""
        return self.snn.timesteps if self.params is None else 1

    @normal_mode
    @torch.no_grad()
    def __call__(self, x):
        """Outputs of the network for the input ``x``, in their own structure; InputError where it is no next input."""
        if not self._open:
            raise InputError("the stream was closed; open another: with snn.stream() as stream: ...")
        self._check(x)
        if self.params is None:
            outputs = self._afresh(x)
        else:
            if self.refresh and self._calls % self.refresh == 0:
                self.reset()
            outputs = self._step(cast(x, self.snn.precision))
        self._calls += 1
        self._total = Meter.of([self._total.sums, self._last.sums])
        return outputs

    def _step(self, x):
        """One step from the state that is held. State is set only at the end: a call that fails leaves the stream as it was."""
        unchanged = self._before is not None and all(map(same, tensors_in(x), tensors_in(self._before)))
        if unchanged and self._still is not None:  # the call before this one changed nothing: nor does this
            self._last = self._still[1]
            return map_tensors(torch.clone, self._still[0])
        x = map_tensors(
            torch.clone, x
        )  # a camera writes its next frame into the same memory, which memo.py takes for the same
        run = Run(self.snn.plan(x), self.params, self.snn.network, x, self.snn.call)
        run.neurons, run.rates = dict(self._neurons), dict(self._rates)
        run.memo = None if run.plan.mutates else self._memo
        advance_chunk(run, 1)
        outputs, meter = read_out(run), Meter()
        run.fresh = changed_macs(run, self._before)
        meter.add(run)
        silent = not any(state.graded.any() for state in run.neurons.values())
        silent = silent and not any(torch.as_tensor(kept[3]).any() for kept in run.rates.values())
        self._last, self._before = meter, x
        self._still = (map_tensors(torch.clone, outputs), meter) if unchanged and silent else None
        none = lambda s: s._replace(**{k: torch.zeros_like(s.n) for k in ("x", "n", "events", "graded")})
        self._neurons = {i: none(state) for i, state in run.neurons.items()}
        self._rates = {k: (kept[0], None, 0.0, 0.0) for k, kept in run.rates.items()}
        return outputs

    def _afresh(self, x):
        kept, self.snn.meter = self.snn.meter, Meter()
        try:
            outputs = self.snn(x)
            self._last = self.snn.meter
        finally:
            self.snn.meter = kept
        return outputs

    def _check(self, x):
        tensors = tensors_in(x)
        shapes = [tuple(t.shape) for t in tensors]
        if not shapes or x_batch(x) != self.batch or any(not t.numel() for t in tensors):
            raise InputError(f"input {self._calls} of the stream: found {shapes}; expected a batch of {self.batch}")
        if self._shapes is not None and shapes != self._shapes:
            raise InputError(
                f"input {self._calls} of the stream: found {shapes}, expected {self._shapes} as before; open another stream "
                "for inputs of another size, or resize them"
            )
        if any(t.is_floating_point() and not torch.isfinite(t).all() for t in tensors):
            raise InputError(f"input {self._calls} of the stream holds NaN or infinity; leave it out, or mend it")
        self._shapes = shapes

    @property
    def meter(self):
        """What was counted at all calls: a ``Meter``, which adds up with those of other streams (``Meter.of``)."""
        return self._total

    def report(self):
        """``Report`` of all calls."""
        return self._report(self._total)

    def last(self):
        """``Report`` of the last call."""
        return self._report(self._last)

    def _report(self, meter):
        if self.timesteps not in meter.sums:
            raise InputError("nothing was counted yet: give the stream an input first")
        return meter.report(self.timesteps)


def streaming(params, zone=0.0):
    """``params`` with the streaming laws of their neurons; None where one has none."""
    found = {}
    for i, p in params.items():
        law = p.neuron
        if isinstance(law, DifferentialBurst) and law.weights == (1.0,):
            found[i] = p._replace(neuron=HeldBurst(law, zone))
        elif isinstance(law, SigmaDelta):
            found[i] = p if not zone else p._replace(neuron=SigmaDelta(law.bits, max(law.vth, zone)))
        else:
            return None
    return found
