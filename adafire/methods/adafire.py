"""AdaFire (Wang et al., AAAI 2025): bursts whose limit is searched layer by layer, and SSC on top of it.

Departures from the paper's released code, which does not run, are listed in adafire/search/levels.py; thresholds are fitted for a
rounding neuron with v0 = theta / 2 (there a per-step shift and a floor objective). Signed bursts are ours: they take an
early excess back, which unsigned bursts cannot.
"""

from dataclasses import dataclass, replace

from ..errors import InputError
from ..search import levels as search
from .base import Method, register

FAITHFUL = {"objective": "floor", "shift": True, "refit": False, "weigh": "spikes", "exit_rule": "paper"}
"""What ``faithful`` sets: the released code's choices. The additive model of the search is then trusted, too."""


@dataclass(frozen=True)
class AdaFire(Method):
    """search: choose a limit for every site among ``candidates``, at ``budget`` times the cost of the uniform limit
    phi_plus; weigh: cost in 'synops' or 'spikes'; refit: thresholds refitted for every candidate. ssc: raise thresholds by
    ``ratios`` while the divergence from the ANN stays below ``ssc_budget`` times what it was. simulations: of the
    calibration set, what each search may cost. iat: a sample leaves when its
    scores are sure enough, by ``exit_rule`` (exit.py), fitted on a third of the calibration samples, held out from
    everything else: 'fitted' for a share of at most ``exit_drop`` that leaves with another class than at T; 'paper' for
    a, b = ``exit_shape`` (the released code's for CIFAR; 0.995, 0.005 for ImageNet). faithful: one switch for the
    released code's choices (``FAITHFUL``), to compare with."""

    phi_plus: int = 4
    correction: str = "light"
    search: bool = False
    candidates: tuple = (1, 2, 3, 4, 6, 8, 12, 16)
    budget: float = 1.0
    weigh: str = "synops"
    refit: bool = True
    ssc: bool = False
    ratios: tuple = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0)
    ssc_budget: float = 1.5
    iat: bool = False
    exit_drop: float = 0.005
    simulations: int = 18
    exit_rule: str = "fitted"
    exit_shape: tuple = (0.6, 0.4)
    faithful: bool = False

    def __post_init__(self):
        if self.faithful:
            for key, value in FAITHFUL.items():
                object.__setattr__(self, key, value)  # the one switch sets all of them
        super().__post_init__()
        if self.weigh not in ("synops", "spikes"):
            raise InputError(f"method {self.name}: weigh={self.weigh!r}; expected 'synops' or 'spikes'")
        if not self.budget > 0 or not self.ssc_budget >= 1 or not 0 <= self.exit_drop < 1:
            raise InputError(
                f"method {self.name}: budget={self.budget!r}, ssc_budget={self.ssc_budget!r}, "
                f"exit_drop={self.exit_drop!r}; expected a budget above 0, an ssc_budget of 1 or more, and an "
                "exit_drop in [0, 1)"
            )
        if self.exit_rule not in ("fitted", "paper"):
            raise InputError(f"method {self.name}: exit_rule={self.exit_rule!r}; expected 'fitted' or 'paper'")
        if 1.0 not in self.ratios or any(not isinstance(c, int) or c < 1 for c in self.candidates):
            raise InputError(
                f"method {self.name}: ratios must hold 1.0, candidates be integers of 1 or more; found "
                f"ratios={self.ratios!r}, candidates={self.candidates!r}"
            )

    def parameters(self, timesteps=None):
        """As in the base, without what is not used: 'faithful' when off, rules of exit and search without them."""
        found = super().parameters(timesteps)
        unused = [
            *(["faithful"] if not self.faithful else []),
            *(["exit_rule", "exit_shape"] if not self.iat else []),
            *(["simulations"] if not (self.search or self.ssc) else []),
        ]
        return {k: v for k, v in found.items() if k not in unused}

    @property
    def converges(self):
        """Early exit stops where it is sure enough, however large T is."""
        return not self.iat

    def fit(self, conversion):
        """Uniform limit, then the searches, each verified end to end."""
        held = conversion.hold_out() if self.iat else None
        if self.iat:
            conversion.check_exit()
        super().fit(conversion)
        if self.search:
            same = replace(self, name="", source="", ssc=False, iat=False)  # all that the search depends on
            conversion.found["search"] = conversion.search_once(
                str(same), lambda: search.firing_limits(conversion, self)
            )
        if self.ssc:
            conversion.found["ssc"] = search.threshold_ratios(conversion, self)
        if self.iat:
            conversion.exit = conversion.fit_exit(held, self.exit_drop, self.exit_rule, self.exit_shape)
            conversion.found["exit"] = {
                "rule": self.exit_rule,
                "thresholds": conversion.exit.thresholds.tolist(),
                "labels": "predictions of the ANN" if self.exit_rule == "paper" else "none",
            }


PAPER = "Wang et al., AAAI 2025: burst neuron, MMSE thresholds, bias correction"
register(AdaFire("adafire-uniform", f"{PAPER}; one limit for every site"))
register(AdaFire("adafire", f"{PAPER}; limits searched layer by layer", search=True))
register(AdaFire("adafire+ssc", f"{PAPER}; searched limits and sensitivity spike compression", search=True, ssc=True))
register(AdaFire("adafire+iat", f"{PAPER}; searched limits and input-aware adaptive timesteps", search=True, iat=True))
register(AdaFire("adafire+ssc+iat", f"{PAPER}; searched limits, SSC and IAT", search=True, ssc=True, iat=True))
register(
    AdaFire(
        "adafire-signed",
        "ours: adafire-uniform with phi_minus = phi_plus, so that counts follow their input both ways",
        phi_minus=4,
    )
)
