"""AdaFire (Wang et al., AAAI 2025): bursts whose levels are searched, SSC on top of it, and early exit.

Departures from the paper's released code, which does not run, are listed in adafire/search/levels.py; ``adafire`` itself allots
thresholds to channels (adafire/search/channels.py, ours), ``adafire-layers`` has the paper's limits, one a layer; thresholds are fitted for a
rounding neuron with v0 = theta / 2 (there a per-step shift and a floor objective). Signed bursts are ours: they take an
early excess back, which unsigned bursts cannot.
"""

from dataclasses import dataclass, replace

from ..errors import InputError
from ..search import channels, levels
from .base import Method, register

SEARCHES = ("none", "channels", "layers")
FAITHFUL = {"objective": "floor", "shift": True, "refit": False, "weigh": "spikes", "exit_rule": "paper"}
"""What ``faithful`` sets: the released code's choices. The additive model of the search is then trusted, too."""


@dataclass(frozen=True)
class AdaFire(Method):
    """search: 'channels' allots a threshold to every channel, for bursts of up to ``longest`` spikes; 'layers' chooses a limit
    for every site among ``candidates``; 'none'. Either at ``budget`` times the cost of the uniform limit
    phi_plus; weigh: cost in 'synops' or 'spikes'; refit: thresholds refitted for every candidate. substeps: T times the longest
    burst; phi_plus and ``longest`` follow from it and from T (0: they are as given). ssc: raise thresholds (of layers by
    ``ratios``) while the divergence from the ANN stays below ``ssc_budget`` times what it was. simulations: of the
    calibration set, what each search of layers may cost. iat: a sample leaves when its
    scores are sure enough, by ``exit_rule`` (exit.py), fitted on a third of the calibration samples, held out from
    everything else: 'fitted' for a share of at most ``exit_drop`` that leaves with another class than at T; 'paper' for
    a, b = ``exit_shape`` (the released code's for CIFAR; 0.995, 0.005 for ImageNet). faithful: one switch for the
    released code's choices (``FAITHFUL``), to compare with."""

    phi_plus: int = 4
    correction: str = "light"
    search: str = "none"
    longest: int = 16
    substeps: int = 0
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
            if self.search == "channels":
                object.__setattr__(self, "search", "layers")
        if isinstance(self.search, bool):  # as records, and files of saved networks, have it
            object.__setattr__(self, "search", "layers" if self.search else "none")
        super().__post_init__()
        if self.search not in SEARCHES:
            raise InputError(f"method {self.name}: search={self.search!r}; expected one of {', '.join(SEARCHES)}")
        self.check_whole("longest", 1)
        self.check_whole("substeps", 0)
        if self.search == "channels" and not (self.per_channel and self.threshold == "mmse"):
            raise InputError(
                f"method {self.name}: search='channels' allots a threshold of its own to every channel: leave "
                "per_channel=True and threshold='mmse', or give search='layers' or 'none'"
            )
        if self.search == "channels" and not self.substeps and self.longest < self.phi_plus:
            raise InputError(
                f"method {self.name}: longest={self.longest!r}; expected phi_plus={self.phi_plus} or more, the limit "
                "whose cost is the budget"
            )
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
        """As in the base, without what is not used: 'faithful' when off, rules of exit and search without them. 'search' is
        False or True where it is of layers or none, as records have had it."""
        found, by_channel = super().parameters(timesteps), self.search == "channels"
        unused = [
            *(["faithful"] if not self.faithful else []),
            *(["exit_rule", "exit_shape"] if not self.iat else []),
            *(["simulations"] if by_channel or not (self.search == "layers" or self.ssc) else []),
            *(["longest"] if not by_channel or self.substeps else []),
            *(["substeps"] if not self.substeps else ["phi_plus"]),
            *(["candidates", "refit", "ratios"] if by_channel else []),
        ]
        kept = {k: v for k, v in found.items() if k not in unused}
        return {**kept, "search": self.search if by_channel else self.search == "layers"}

    def in_steps(self, timesteps):
        """This method with the limits that its sub-steps leave in ``timesteps`` steps."""
        if not self.substeps:
            return self
        limit, rest = divmod(self.substeps, timesteps)
        if rest or not limit:
            raise InputError(
                f"method {self.name}: substeps={self.substeps} cannot be had in T={timesteps}; give a T that divides it"
            )
        back = limit if self.phi_minus else 0
        return replace(self, substeps=0, phi_plus=limit, phi_minus=back, longest=limit)

    @property
    def converges(self):
        """Early exit stops where it is sure enough, however large T is."""
        return not self.iat

    def fit(self, conversion):
        """Uniform limit, then the searches, each verified end to end."""
        if self.substeps:
            return self.in_steps(conversion.timesteps).fit(conversion)
        held = conversion.hold_out() if self.iat else None
        if self.iat:
            conversion.check_exit()
        super().fit(conversion)
        by_channel = self.search == "channels"
        if self.search != "none":
            same = replace(self, name="", source="", ssc=False, iat=False)  # all that the search depends on
            search = channels.channel_thresholds if by_channel else levels.firing_limits
            conversion.found["search"] = conversion.search_once(str(same), lambda: search(conversion, self))
        if self.ssc:
            compress = channels.compressed_thresholds if by_channel else levels.threshold_ratios
            conversion.found["ssc"] = compress(conversion, self)
        if self.iat:
            conversion.exit = conversion.fit_exit(held, self.exit_drop, self.exit_rule, self.exit_shape)
            conversion.found["exit"] = {
                "rule": self.exit_rule,
                "thresholds": conversion.exit.thresholds.tolist(),
                "labels": "predictions of the ANN" if self.exit_rule == "paper" else "none",
            }


PAPER = "Wang et al., AAAI 2025: burst neuron, MMSE thresholds, bias correction"
register(AdaFire("adafire-uniform", f"{PAPER}; one limit for every site"))
BY_CHANNEL = f"{PAPER}; ours: levels allotted to channels"
register(AdaFire("adafire", BY_CHANNEL, search="channels"))
register(AdaFire("adafire+ssc", f"{BY_CHANNEL}, then spike compression", search="channels", ssc=True))
register(AdaFire("adafire+iat", f"{BY_CHANNEL}; input-aware adaptive timesteps", search="channels", iat=True))
register(AdaFire("adafire+ssc+iat", f"{BY_CHANNEL}, SSC and IAT", search="channels", ssc=True, iat=True))
register(AdaFire("adafire-layers", f"{PAPER}; limits searched layer by layer", search="layers"))
register(
    AdaFire(
        "adafire-signed",
        "ours: adafire-uniform with phi_minus = phi_plus, so that counts follow their input both ways",
        phi_minus=4,
    )
)
