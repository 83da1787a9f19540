"""Plans of one network for the inputs that come, each proved against the network before it is used."""

import copy
from dataclasses import replace

import torch

from ..errors import AdafireError, InputError, UnsupportedError
from ..frames import pattern
from ..graph import map_tensors, record, signature, tensors_in
from .plan import Plan, Prepared
from .proof import DifferentOutputs, own_outputs, verify


class Plans:
    """Plans of one network, by the shapes of its input; a new shape costs one dry run, and a check of the plan against the
    network (proof.py) where the shape of a sample, or the calls, are new.

    overrides: name of a call -> (weight, bias) that a layer computes with in place of the network's (batch norm included);
    relays: with relay neurons (``regions.assign``); verified: whether plans are checked; those with overrides compute
    something else than the network does, and leave that to ``base``, the plans without them; nested: made for such a check.
    """

    KEPT = 64

    def __init__(self, network, forward, overrides=None, relays=False, verified=True, base=None, nested=False):
        self.network, self.forward, self.overrides, self.relays = network, forward, dict(overrides or {}), relays
        self.verified, self.base, self.nested = verified, base, nested
        self._known = []
        self._forget()

    def _forget(self):
        """No plan is made yet. What weights are ready for layers is known by the tensors that the network has then."""
        self._plans, self._prepared, self._proved, self._sampled = {}, None, set(), set()

    def __getstate__(self):
        """Without the plans, which hold functions of the network's own: they are made again, and proved, where they are used."""
        return {
            **vars(self),
            "_plans": {},
            "_prepared": None,
            "_proved": set(),
            "_sampled": set(),
            "_known": _described(self.sites),
        }

    def renewed(self, network, move=lambda tensor: tensor):
        """The same for a copy of the network, or for what it became, with no plan made yet. move: what becomes of the tensors
        in ``overrides``."""
        overrides = {name: tuple(None if w is None else move(w) for w in pair) for name, pair in self.overrides.items()}
        new = Plans(
            network,
            self.forward,
            overrides,
            self.relays,
            self.verified,
            None if self.base is None else self.base.renewed(network, move),
            self.nested,
        )
        new.know(self.sites)
        return new

    def __call__(self, x):
        key = signature(x), pattern(x)
        if key not in self._plans:
            plan = self._planned(x)
            if self._plans or self._known:
                self._same_sites([s.name for s in plan.trace.sites])
            if len(self._plans) >= self.KEPT:
                self._plans.pop(list(self._plans)[1])  # the first stays: it names the sites
            self._plans[key] = plan
        return self._plans[key]

    def _planned(self, x):
        """A plan for ``x``, checked where need be."""
        check_place(self.network, x)
        if self._prepared is None:
            self._prepared = Prepared(self.network)
        if self.base is not None:
            self.base(x)
        check = self.verified and self.base is None
        shapes = tuple((shape[1:], dtype) for shape, dtype, _ in signature(x)), pattern(x)
        reference = None
        if check and shapes not in self._sampled:
            reference = own_outputs(
                self.network, x, self.forward
            )  # first: what a network makes once and keeps is then there
        plan = Plan(self._recorded(x), self.overrides, self._prepared)
        form = shapes, tuple(call.full for call in plan.trace.calls)
        if check and form not in self._proved:
            try:
                verify(plan, self.network, x, self.forward, reference)
            except DifferentOutputs:
                if self.nested or not self._same_in_double(x):
                    raise
            self._proved.add(form)
            self._sampled.add(shapes)
        return plan

    def _recorded(self, x):
        try:
            return record(self.network, x, self.forward, self.relays)
        except AdafireError:
            raise
        except Exception:
            own_outputs(self.network, x, self.forward)  # raises in words, where it is the network that fails
            raise

    def _same_in_double(self, x):
        """Whether the plan computes what the network computes once both do so in float64: then the difference was rounding,
        which some networks make large (random weights without trained norms)."""
        if not any(t.dtype == torch.float32 for t in tensors_in(x)):
            return False
        try:
            double = Plans(copy.deepcopy(self.network).double(), self.forward, relays=self.relays, nested=True)
            double(map_tensors(lambda t: t.double() if t.dtype == torch.float32 else t, x))
        except Exception:  # it differs there too, or cannot be computed so: what was found in float32 stands
            return False
        return True

    @property
    def sites(self):
        """The call sites that become neurons, with the shapes of the first input (of a copy: without their functions)."""
        return self._known or [site for plan in list(self._plans.values())[:1] for site in plan.trace.sites]

    def know(self, sites):
        """Expect ``sites`` of every plan that is made. Their functions belong to a plan, and are left out."""
        self._known = _described(sites)

    def _same_sites(self, names):
        known = [s.name for s in self.sites]
        if names != known:
            odd = next((a for a, b in zip(names + [None], known + [None]) if a != b), None)
            raise UnsupportedError(
                f"with this input shape the network calls other activations (first difference at {odd}; "
                f"{len(names)} sites, {len(known)} when it was converted)"
            )


def _described(sites):
    return [replace(site, activation=replace(site.activation, f=None)) for site in sites]


def check_place(network, x):
    """InputError where the whole network lies on one device, and the input on another."""
    places = {t.device for t in (*network.parameters(), *network.buffers())}
    if len(places) == 1:
        (here,) = places
        odd = next((t.device for t in tensors_in(x) if t.dim() and t.device != here), None)
        if odd is not None:
            raise InputError(
                f"the input is on {odd} and the network on {here}; move one of them, as with x.to('{here}')"
            )
