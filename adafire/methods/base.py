"""What a method declares, and the pipeline that most methods share: thresholds, then calibration."""

import math
import numbers
from dataclasses import asdict, dataclass, fields, replace
from typing import ClassVar

from ..calibration import WEIGHTS
from ..errors import InputError
from ..registry import Registry, near_names

TWIN = "+bias"
"""What the name of a twin ends in: the same method with the light bias correction (ours), as `ours` and `adafire` have it."""


class MethodRegistry(Registry):
    """Methods by name. Every spiking method that corrects nothing has a twin NAME+bias, which is made when it is asked for."""

    def get(self, name):
        """The method ``name``, or the twin of another one."""
        plain = str(name).removesuffix(TWIN)
        return super().get(name) if plain == name else twin(super().get(plain))

    def origin(self, name):
        """Where a method, or the one that a twin is made of, came from."""
        return super().origin(str(name).removesuffix(TWIN))

    def twins(self):
        """Names of all twins, in order of registration."""
        found = {name: self.get(name) for name in self.names()}
        return [name + TWIN for name, method in found.items() if _is_plain(method) and method.name == name]


def twin(method):
    """``method`` with the light bias correction; InputError where it has a correction, or no spikes."""
    if not _is_plain(method):
        raise InputError(
            f"there is no method {method.name}{TWIN}: "
            + (
                f"{method.name} has no spikes"
                if method.kind != "snn"
                else f"{method.name} has correction={method.correction!r}"
            )
            + f"; expected a spiking method without a correction, such as burst{TWIN}"
        )
    return replace(
        method,
        name=method.name + TWIN,
        source=f"{method.source}; ours: biases corrected on calibration data (Li et al., ICML 2021, light)",
        correction="light",
    )


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_plain(method):
    return method.kind == "snn" and method.correction == "none"


@dataclass(frozen=True)
class Method:
    """A conversion method; one with a threshold rule or a neuron of its own is a subclass, with its own fields.

    kind: 'snn', or 'ann' and 'quantised' for the rows that SNNs are compared with.
    threshold: 'max', 'percentile' (of all activations) or 'mmse' (needs T); per_channel: or one threshold a site.
    phi_plus, phi_minus: most spikes emitted, and taken back, in a timestep. v0: initial potential over threshold.
    objective: quantiser that 'mmse' fits, 'round' or 'floor'. shift: add theta / (2T) at each step in place of v0.
    relays: neurons without an activation, with spikes of either sign, where a number that changes in time would meet
    weights: behind linear bottlenecks, depth-wise convolutions, sums (ours; without them those weights cost MACs).
    weights: 'float', or 'int8' for 8-bit weights, symmetric, one scale a channel (rounded_weights.py).
    correction: 'none', 'light' (bias), 'potential' (initial potential per neuron) or 'advanced' (weights, then
    potential, or bias where inputs differ in size), measured on calibration data. weight_steps, weight_rate: of Adam
    in 'advanced'; only snn-calibration-advanced has them as options.
    """

    name: str
    source: str
    kind: str = "snn"
    threshold: str = "mmse"
    percentile: float = 99.9
    per_channel: bool = True
    phi_plus: int = 1
    phi_minus: int = 0
    v0: float = 0.5
    objective: str = "round"
    shift: bool = False
    correction: str = "none"
    relays: bool = False
    weights: str = "float"
    weight_steps: ClassVar[int] = 100
    weight_rate: ClassVar[float] = 0.01
    thresholds: ClassVar[tuple] = ("max", "percentile", "mmse")

    def __post_init__(self):
        self.check_numbers()
        for key, allowed in (
            ("threshold", self.thresholds),
            ("objective", ("round", "floor")),
            ("correction", ("none", "light", "potential", "advanced")),
            ("kind", ("snn", "ann", "quantised")),
        ):
            if getattr(self, key) not in allowed:
                raise InputError(
                    f"method {self.name}: {key}={getattr(self, key)!r}; expected one of {', '.join(allowed)}"
                )
        if self.weights not in WEIGHTS:
            raise InputError(f"method {self.name}: weights={self.weights!r}; expected one of {', '.join(WEIGHTS)}")
        if self.weights != "float" and self.uses_gradients:
            raise InputError(
                f"method {self.name} fits weights, and {self.weights} weights are as the network's; leave weights= out"
            )
        if not isinstance(self.relays, bool):
            raise InputError(f"method {self.name}: relays={self.relays!r}; expected True or False")
        self.check_whole("phi_plus", 1)
        self.check_whole("phi_minus", 0)
        if self.kind == "quantised" and self.correction not in ("none", "light"):
            raise InputError(
                f"method {self.name}: correction={self.correction!r}; expected 'none' or 'light', it has no potentials"
            )
        if not 0 < self.percentile <= 100:
            raise InputError(f"method {self.name}: percentile={self.percentile!r}; expected a number in (0, 100]")
        if not 0 <= self.v0 < 1:
            raise InputError(f"method {self.name}: v0={self.v0!r}; expected a number in [0, 1)")

    def check_numbers(self):
        """InputError unless every option whose default is a float is a finite number, and every one that is a tuple a sequence of
        such numbers; their ranges are checked where they are known."""
        for key, usual in ((f.name, f.default) for f in fields(self) if type(f.default) in (float, tuple)):
            value, several = getattr(self, key), isinstance(usual, tuple)
            fits = isinstance(value, (tuple, list)) and value if several else True
            if not fits or not all(_is_number(item) for item in (value if several else [value])):
                raise InputError(
                    f"method {self.name}: {key}={value!r}; expected {'numbers' if several else 'a number'}, such as {usual!r}"
                )

    def check_whole(self, key, least, most=None):
        """InputError unless the option ``key`` is an integer from ``least`` to ``most`` (None: without end)."""
        value = getattr(self, key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least or most is not None and value > most:
            expected = f"of {least} or more" if most is None else f"from {least} to {most}"
            raise InputError(f"method {self.name}: {key}={value!r}; expected an integer {expected}")

    def check_law(self, why, **only):
        """InputError unless these options are what the method's own neuron needs (``why``), and the correction is one of biases."""
        for key, value in only.items():
            if getattr(self, key) != value:
                raise InputError(f"method {self.name}: {key}={getattr(self, key)!r}; {why}: leave {key}={value!r}")
        if self.correction not in ("none", "light"):
            raise InputError(f"method {self.name}: correction={self.correction!r}; expected 'none' or 'light'")

    @property
    def uses_gradients(self):
        """Whether a layer's weights are fitted by gradients; the network passed in is not modified all the same."""
        return self.correction == "advanced"

    @property
    def anytime(self):
        """Whether no parameter depends on T, so that one simulation serves every T up to its end."""
        return self.kind == "ann" or (
            self.kind == "snn" and self.threshold != "mmse" and self.correction == "none" and not self.shift
        )

    @property
    def converges(self):
        """Whether outputs tend to the ANN's as T grows."""
        return True

    def with_options(self, **options):
        """This method with other parameters; an unknown one is an InputError with near names."""
        known = [f.name for f in fields(self) if f.name not in ("name", "source", "kind")]
        for key in options:
            if key not in known:
                raise InputError(
                    f"method {self.name} has no option {key!r}{near_names(key, known)} Known: {', '.join(known)}"
                )
        return replace(self, **options)

    def parameters(self, timesteps=None):
        """JSON-able parameters, as they enter a record."""
        left = {
            "name",
            "source",
            "kind",
            *(() if self.relays else ("relays",)),
            *(("weights",) if self.weights == "float" else ()),
        }
        return {k: v for k, v in asdict(self).items() if k not in left}

    def read_from(self, timesteps):
        """The step after which the read-out begins to average (delayed read-out); 0: from the first."""
        return 0

    def relays_in(self, network):
        """Whether ``network`` gets relay neurons."""
        return self.relays

    def quantiser_levels(self, timesteps, limit):
        """Number of steps of the quantiser that a neuron with bursts of up to ``limit`` is after T steps."""
        return timesteps * limit

    def neuron(self):
        """The law of this method's neurons (see NeuronParams); None: the count-form neuron of count.py."""
        return None

    def fit(self, conversion):
        """Set ``conversion.params`` (site index -> NeuronParams) from its calibration data."""
        self.fit_thresholds(conversion)
        self.calibrate(conversion)

    def fit_thresholds(self, conversion):
        """First half of ``fit``: thresholds by this method's rule."""
        conversion.fit_thresholds(self)

    def calibrate(self, conversion):
        """Second half of ``fit``: corrections that are measured on calibration data."""
        if self.correction == "light":
            conversion.calibrate_bias()
        if self.correction == "advanced":
            conversion.calibrate_weights(self.weight_steps, self.weight_rate)
        if self.correction == "potential" or self.correction == "advanced" and conversion.of_one_size:
            conversion.calibrate_potential()
        elif self.correction == "advanced":
            conversion.calibrate_bias()


def _of_plugin(name, entry):
    """A plug-in's entry, if it is a method of that name."""
    if not isinstance(entry, Method):
        raise InputError(f"found {type(entry).__name__}; expected an adafire.methods.Method")
    if entry.name != name:
        raise InputError(f"its method is called {entry.name!r}; give it and its entry point one name")
    if name.endswith(TWIN):
        raise InputError(f"names that end in {TWIN} are those of twins; choose another")
    return entry


methods = MethodRegistry("method", "adafire.methods", _of_plugin)


def register(method):
    """Add ``method`` to the registry under its own name."""
    return methods.register(method.name, method)
