"""What arrived at one product over steps and batches, as a layer's row of a report has it.

Conventions are those of ``cost`` (tally.py), as far as values tell them:
  * a value of k scales is k synaptic operations at each synapse, and one message; averages and scales pass spikes on;
  * a product of two streams, one of which is spikes: each adds up a row of the other (of two, the fewer);
  * numbers are multiply-accumulates: once as long as those of a sample stay as they are, and once for a read-out where the result is
    what the module puts out; behind average pooling there, the cheaper of numbers and spikes, of all samples together;
  * of the constant input, a sample of zeros and ones is accumulated, any other multiplied: once.
"""

import torch

from ..cost import LAYER, binary_samples, macs_are_cheaper
from .products import shares
from .streams import SPIKES, Stream


class Layer:
    """One product. streams: its operands; sites: what was sent to them, as far as no other layer was told of the same."""

    def __init__(self, product, scales):
        self.op, self.streams = product.op, [Stream(o.axis, scales, o.window) for o in product.operands]
        self.sites, self.scales = {}, scales
        self.constant, self.sums = dict.fromkeys(LAYER, 0.0), dict.fromkeys(("dense", "inputs", "outputs"), 0.0)
        self.macs, self.nonzero, self.runs, self.begun = {}, {}, {}, False
        self.reads_out = self.pooled = True
        self.made_of = {"weights": 0, "biases": 0, "weight_bytes": 0}

    def begin(self):
        """Before a batch."""
        self.begun = False
        for stream in (*self.streams, *self.sites.values()):
            stream.begin()

    def add(self, product, t, samples, told):
        """Count a product of streams. told: values that were told of in this step, to which its own are added."""
        fresh = torch.zeros(1, dtype=torch.bool)
        self.pooled &= product.pooled
        for k, (stream, operand, factor) in enumerate(zip(self.streams, product.operands, product.outputs)):
            others = stream.changed(operand.values, samples)
            fresh = fresh | others
            stream.add(operand.values, t, product.reach, factor, bool(others.any()))
            self._sent(k, operand, t, told)
        share = float(fresh.double().mean()) if self.streams else 1.0
        if not self.begun:
            self._add_to(self.sums, product, product.dense, "dense")
        self.begun = True
        self.runs[t] = self.runs.get(t, 0.0) + product_elements(product.result) * share
        self.macs[t] = self.macs.get(t, 0.0) + product.dense * share
        self.nonzero[t] = self.nonzero.get(t, 0.0) + self._not_zero(product, fresh, share)

    def add_constant(self, product, samples):
        """Count the constant input, in the first step."""
        x = product.operands[0].values
        binary = binary_samples(x, samples)
        share, factor = float(binary.double().mean()), product.outputs[0]
        ones = x[binary] if share else x[:0]
        synops, arrived = _weighed(ones, product.reach) * factor, float(ones.double().sum())
        rest = x[~binary] if share else x
        counted = {"synops": synops, "synops_graded": synops, "spikes": arrived, "messages": arrived}
        counted |= {"macs": product.dense * (1 - share), "eff_macs": _weighed(rest != 0, product.reach) * factor}
        for key, value in counted.items():
            self.constant[key] += value
        self._add_to(self.constant, product, product.dense, "ann_macs")
        self.constant["output_updates"] += product_elements(product.result)

    def at(self, t):
        """Sums up to step t, by the names of ``LAYER``."""
        sums = dict(self.constant)
        if not self.sums["dense"]:
            return sums
        chosen = self._chosen(t)
        runs = sum(n for step, n in self.runs.items() if step <= t) if chosen is None else self.sums["outputs"] * t
        found = {"ann_macs": self.sums["dense"], "inputs": self.sums["inputs"], "outputs": self.sums["outputs"]}
        found["output_updates"] = self.sums["outputs"] if self.reads_out else runs
        if chosen is not None:
            found |= {key: chosen.total(key, t) for key in ("synops", "spikes")}
            bursts = (
                chosen.window > 1 and chosen.sends_bursts is False
            )  # unit spikes that were averaged are messages each
            found["synops_graded"] = found["synops"] if bursts else chosen.total("graded", t)
            found["messages"] = found["spikes"] if bursts else chosen.total("events", t)
        elif self.reads_out or self.spikes():  # once, on the mean over time, none of which is known to be 0
            found |= {"macs": self.sums["dense"], "eff_macs": self.sums["dense"]}
        else:
            upto = lambda sums: sum(n for step, n in sums.items() if step <= t)
            found |= {"macs": upto(self.macs), "eff_macs": min(upto(self.nonzero), upto(self.macs))}
        found["arrived"] = found.get("synops", 0.0)
        return {key: value + found.get(key, 0.0) for key, value in sums.items()}

    def spikes(self):
        """The streams that are spikes."""
        return [s for s in self.streams if s.parts() is not None]

    def _chosen(self, t):
        """The stream that is counted as spikes, or None."""
        streams = self.spikes()
        best = min(streams, key=lambda s: s.total("synops", t)) if streams else None
        if best is not None and self.reads_out and self.pooled:
            return None if macs_are_cheaper(best.total("synops", t), self.sums["dense"]) else best
        return best

    def _sent(self, k, operand, t, told):
        """Count what was sent to operand k, before it was averaged."""
        stream, source = self.streams[k], operand.source
        if k in self.sites or not shares(source, told):
            alike = source is operand.values
            site = self.sites.setdefault(k, stream if alike else Stream(1 if source.dim() > 2 else -1, self.scales))
            if not alike:
                site.add(source, t)
                stream.sends_bursts = site.kind != SPIKES or site.most() > 1
            told.append(source)

    def _not_zero(self, product, fresh, share):
        """Multiply-accumulates of this step whose operand is not 0, in case they are numbers."""
        if len(self.streams) != 1:
            return product.dense * share
        (stream,), (operand,), (factor,) = self.streams, product.operands, product.outputs
        if stream.kind == SPIKES:
            return float(stream.last_graded)
        x = operand.values != 0
        return _weighed(x[fresh.to(x.device)] if len(fresh) == len(x) else x, product.reach) * factor

    def _add_to(self, sums, product, dense, key):
        sums[key] += dense
        sums["inputs"] += sum(o.values.numel() for o in product.operands)
        sums["outputs"] += product_elements(product.result)


def product_elements(result):
    """Elements of the first tensor that a product gives."""
    return (result if isinstance(result, torch.Tensor) else result[0]).numel()


def _weighed(x, reach):
    if reach is None:
        return float(x.double().sum())
    return float((x.sum(0).double() * reach.to(x.device)).sum())
