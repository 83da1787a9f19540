"""The pre-flight check: what would become of every operator of a network, in a second, before any calibration."""

from dataclasses import dataclass, field

from .cost import where_numbers_meet_weights
from .graph import call_network, record
from .simulation import Plans


@dataclass(frozen=True)
class CheckRow:
    """One kind of call. status: 'neurons', 'exact', 'analog' (exact on the mean, but numbers flow); where: first site."""

    operator: str
    status: str
    region: str
    calls: int
    where: str
    note: str


@dataclass(frozen=True)
class CheckReport:
    """Rows by operator and region, the call sites that become neurons, and the names of those where ``relays=True`` adds
    some. numbers: (layer, operator, its name) wherever weights are multiplied with numbers at every timestep, as those that an
    operator gives, not with spikes. ``str()`` is a table."""

    rows: list
    sites: list
    relays: list
    numbers: list = field(default_factory=list)

    def __str__(self):
        head = ("operator", "status", "region", "calls", "first at", "what becomes of it")
        cells = [head] + [(r.operator, r.status, r.region, str(r.calls), r.where, r.note) for r in self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(5)]
        lines = ["  ".join([*(c.ljust(w) for c, w in zip(row, widths)), row[5]]).rstrip() for row in cells]
        more = f"; relays=True adds {len(self.relays)}, the first at {self.relays[0]}" if self.relays else ""
        return "\n".join([f"{len(self.sites)} sites become neurons{more}", *self._numbers(), *lines])

    def _numbers(self):
        by_source = {}
        for layer, operator, name in self.numbers:
            by_source.setdefault((operator, name), []).append(layer)
        return [
            f"numbers meet weights at every timestep (MACs): from '{operator}' at {name} they arrive at {', '.join(layers)}"
            for (operator, name), layers in by_source.items()
        ]


def check(network, x, forward=None):
    """CheckReport of ``forward(network, x)``: every operator's treatment, with the place and the reason.

    Raises UnsupportedError, naming the call, its reason and the way out, if the network cannot be converted, or if its plan
    does not compute what it computes.
    """
    forward = forward or call_network
    plan = Plans(network, forward)(x)
    trace = plan.trace
    relays = [site.name for site in record(network, x, forward, relays=True).sites if site.relay]
    rows = {}
    for call in trace.calls:
        if call.region == "independent":
            continue
        key = (call.op, _status(call), call.region, call.rule.note)
        rows.setdefault(key, []).append(call.name)
    return CheckReport(
        [
            CheckRow(op, status, region, len(names), names[0], note)
            for (op, status, region, note), names in rows.items()
        ],
        trace.sites,
        relays,
        where_numbers_meet_weights(plan),
    )


def _status(call):
    if call.site is not None:
        return "neurons"
    if call.region == "readout" and call.rule.treatment in ("activation", "rate", "unsupported"):
        return "read-out"
    if call.rule.treatment == "rate" and not call.spiking:
        return "analog" if call.region == "steps" else "exact"
    return "exact" if call.rule.exact else "approximate"
