"""All that arrived at a module's products, from which a ``Meter`` is made once the scales are known."""

from ..cost import LAYER_FACTS, Meter, new_sums
from ..neurons import WORD, LawCosts, bits_of
from .layers import Layer
from .products import shares


class Arrivals:
    """``begin`` and ``end`` stand around each step, ``see`` takes the products that it computes."""

    def __init__(self, scales=None):
        self.scales, self.layers, self.samples, self.weights = scales, {}, 0, []

    def begin(self, t, samples, constants):
        """Before step t (from 1) of a batch. constants: its input tensors that are the same in every step."""
        self.t, self.batch, self.constants, self.told, self.results = t, samples, constants, [], []
        if t == 1:
            self.samples += samples
            for layer in self.layers.values():
                layer.begin()

    def see(self, product):
        """Count a product."""
        layer = self.layers.get(product.name)
        if layer is None:
            layer = self.layers[product.name] = Layer(product, self.scales)
            layer.made_of = self._made_of(product)
        self.results.append((layer, product.result))
        if len(product.operands) == 1 and _as_shown(product.operands[0].values, self.constants):
            if self.t == 1:
                layer.add_constant(product, self.batch)
            return
        layer.add(product, self.t, self.batch, self.told)

    def end(self, outputs):
        """After a step. outputs: tensors that the module put out."""
        for layer, result in self.results:
            layer.reads_out &= any(result is y for y in outputs)
        self.told, self.results, self.constants = [], [], []

    def check(self):
        """InputError where spikes have no scale in common."""
        for name, layer in self.layers.items():
            for stream in layer.streams:
                stream.check(name)

    def meter(self, times):
        """A ``Meter`` with the sums at each read-out time of ``times``."""
        meter = Meter()
        for t in times:
            sums = meter.sums[t] = new_sums()
            sums |= {"samples": self.samples, "steps": self.samples * t, "active_steps": self.samples * t}
            sums["exits"] = {t: self.samples}
            for name, layer in self.layers.items():
                sums["layers"][name] = {"op": layer.op, **layer.at(t), **layer.made_of}
                for k, site in layer.sites.items():
                    if site.parts() is not None:
                        sums["sites"][f"{name}:input" + (f"[{k + 1}]" if k else "")] = self._site(site, t)
            longest = max((row["longest_burst"] for row in sums["sites"].values()), default=0)
            sums["sub_steps"] = self.samples * t * longest
        return meter

    def _site(self, site, t):
        """The row of what was sent, as if by integrate-and-fire neurons with bursts of that length: one number is kept, two for either sign."""
        most = site.most()
        up, down = (most if sign in site.signs else 0 for sign in (1, -1))
        said = LawCosts(bits_of(max(1, up + down)), 1, most, WORD * (2 if down else 1), most * t)
        return {
            "neurons": site.elements,
            "neuron_steps": site.elements * t,
            "neuron_updates": site.elements * t,
            "spikes": site.total("spikes", t),
            "messages": site.total("events", t),
            "over": 0.0,
            "sub_steps": self.samples * t * most,
            **{"phi_plus": up, "phi_minus": down, "threshold": site.unit()},
            **said._asdict(),
        }

    def _made_of(self, product):
        """Elements of weights and biases, and their bytes, of what no earlier product has."""
        tensors = (*product.weights, *product.biases)
        fresh = [t for t in tensors if not shares(t, self.weights)]
        self.weights += fresh
        sizes = [sum(t.numel() for t in part) for part in (product.weights, product.biases)]
        return dict(zip(LAYER_FACTS, (*sizes, sum(t.numel() * t.element_size() for t in fresh))))


def _as_shown(x, constants):
    return x._version == 0 and shares(x, constants)
