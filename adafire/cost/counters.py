"""Counters of a report or a record, as an energy model asks for them: what is missing is said in one sentence."""

from ..errors import InputError

SITE = ("neurons", "neuron_steps", "neuron_updates", "spikes", "messages", "over", "sub_steps")
LAYER = (
    *("synops", "synops_graded", "macs", "eff_macs", "ann_macs", "ann_eff_macs", "arrived"),
    *("spikes", "messages", "inputs", "outputs", "output_updates"),
)
"""What is added up over samples."""
LAYER_FACTS = ("weights", "biases", "weight_bytes")
SITE_FACTS = (
    "phi_plus",
    "phi_minus",
    "threshold",
    "message_bits",
    "spike_bits",
    "longest_burst",
    "state_bytes",
    "values",
    "duration",
    "waits",
)
"""What is the same for all samples."""
READINGS = ("spike", "message")
"""Where a message is several spikes: 'spike', every unit addition reads its weight, and every spike is sent by itself; 'message',
one is sent, and one weight read, for all of them, shifted and added as often."""


class Counters:
    """A plain mapping, by the names of ``Report`` and with its lists ``layers`` and ``sites``, of which a record's row is one.

    reading: see ``READINGS``; zero_skipping: multiply-accumulates whose operand is 0 are not made. ``macs``, ``synapses``,
    ``sent`` and ``bits`` are then the names of: multiply-accumulates, what reads a weight, what is sent, and bits of it.
    """

    def __init__(self, mapping, model, reading="spike", zero_skipping=False):
        if reading not in READINGS:
            raise InputError(f"reading={reading!r}; expected one of {', '.join(READINGS)}")
        self.mapping, self.model, self.reading = mapping, model, reading
        self.macs = "eff_macs" if zero_skipping else "macs"
        self.synapses, self.sent, self.bits = (
            ("synops", "spikes", "spike_bits") if reading == "spike" else ("synops_graded", "messages", "message_bits")
        )

    def total(self, key):
        """A counter of the whole network; where only its layers or sites have it, their sum."""
        value = self.mapping.get(key)
        if value is not None:
            return value
        for name, rows, keys in (("layers", self.layers, LAYER + LAYER_FACTS), ("sites", self.sites, SITE)):
            if key in keys and self.mapping.get(name) is not None:
                return sum(row[key] for row in rows(key))
        raise self._lacks(key, "")

    def additions_pj(self, model):
        """pJ of the arithmetic at synapses: unit additions, and multiply-accumulates where numbers arrive (``counters_of_delta``)."""
        times = self.mapping.get("multiplied") or 0.0
        return model.ac_pj * (self.total("synops") - times) + (model.mac_pj * times if times else 0.0)

    def layers(self, *needed):
        """Rows of the layers, which have the counters ``needed``."""
        rows = self.mapping.get("layers")
        if not rows and any(self.mapping.get(key) for key in ("macs", "synops")) or rows is None:
            raise self._lacks("layers", "")
        return self._checked(rows, needed, "every layer")

    def sites(self, *needed):
        """Rows of the sites of neurons, none where nothing spikes, which have the counters ``needed``."""
        rows = self.mapping.get("sites")
        if rows is None:
            raise self._lacks("sites", "")
        return self._checked(rows, needed, "every site")

    def _checked(self, rows, needed, where):
        for row in rows:
            for key in needed:
                if row.get(key) is None:
                    raise self._lacks(key, f" of {where}")
        return rows

    def _lacks(self, key, where):
        if key == "ann_eff_macs" or key == "eff_macs" and "eff_macs" in self.mapping:
            how = "set snn.counts_ann = True before counting, or take the report of method 'ann'"
        elif key in SITE_FACTS:
            how = "the law of its neurons does not say it (costs.py of adafire.neurons), or they were counted before it was"
        else:
            how = "they were counted before it was; count again"
        return InputError(f"energy model {self.model} needs {key!r}{where}, which these counters lack: {how}")


def counters_of_ann(mapping):
    """The counters of the network before conversion, from those of an SNN (``ann_macs``, ``ann_eff_macs``)."""
    nothing = dict.fromkeys(("synops", "synops_graded", "spikes", "messages"), 0.0)
    layers = mapping.get("layers")
    return {
        **_ann(mapping),
        **nothing,
        "sites": [],
        "layers": layers
        and [
            {**row, **_ann(row), **nothing, **({"output_updates": row["outputs"]} if "outputs" in row else {})}
            for row in layers
            if row.get("ann_macs")
        ],
    }


def _ann(row):
    return {"macs": row.get("ann_macs"), "eff_macs": row.get("ann_eff_macs")}


def counters_of_delta(mapping):
    """The counters of the delta network, from those of a stream (snn/stream.py) that sends the same changes.

    Both keep for each neuron its current and the value that receivers know, and compare them at every call. A change is one number
    here: its weight is read once at every synapse, multiplied, and added to a current that is read and written, where the stream does
    as much for every spike of the burst. ``multiplied``: of a row's ``synops`` those that are multiply-accumulates: all but where a
    change meets no weight (a sum of two branches). Ours; the event-driven layers of delta networks (O'Connor and Welling, 2016).
    """
    times = lambda row: row["synops_graded"] if row["weights"] else 0.0
    layers = [
        {**row, "synops": row["synops_graded"], "spikes": row["messages"], "multiplied": times(row)}
        for row in mapping["layers"]
    ]
    sites = [
        {**row, "spikes": row["messages"], "spike_bits": row["message_bits"], "longest_burst": 1}
        for row in mapping["sites"]
    ]
    arriving, sent = sum(row["synops"] for row in layers), sum(row["spikes"] for row in sites)
    return {
        **mapping,
        **{"synops": arriving, "synops_graded": arriving, "spikes": sent, "messages": sent},
        **{"multiplied": sum(row["multiplied"] for row in layers), "layers": layers, "sites": sites},
    }


def counters_of_macs(mapping):
    """Of these counters what is multiplied alone, without spikes and neurons: what a host does beside a chip without MACs."""
    nothing = dict.fromkeys(("synops", "synops_graded", "spikes", "messages"), 0.0)
    layers = mapping.get("layers")
    return {
        **{key: mapping.get(key) for key in ("macs", "eff_macs")},
        **nothing,
        "sites": [],
        "layers": layers and [{**row, **nothing} for row in layers if row.get("macs")],
    }
