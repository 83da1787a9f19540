"""Energy models against sums made by hand: one example a model, and a network of three layers under all of them."""

import doctest

import pytest
import torch
from torch import nn

import adafire
from adafire.cost import ENERGY_MODELS, EnergyModel, counters_of_ann, energy_page
from adafire.cost.energy import arithmetic
from adafire.cost.energy_models import by_bits
from adafire.cost.energy_models.lemaire import access_pj
from helpers.paths import ROOT

COUNTERS = {  # of a convolution of numbers, a convolution of bursts and their neurons
    "macs": 1000.0,
    "eff_macs": 400.0,
    "synops": 600.0,
    "layers": [
        {
            **{
                "layer": "a",
                "op": "conv2d",
                "macs": 1000.0,
                "eff_macs": 400.0,
                "ann_macs": 1000.0,
                "ann_eff_macs": 400.0,
            },
            **{"synops": 0.0, "synops_graded": 0.0, "spikes": 0.0, "messages": 0.0},
            **{"inputs": 100.0, "outputs": 50.0, "output_updates": 50.0, "weights": 2000, "biases": 48},
        },
        {
            **{"layer": "b", "op": "conv2d", "macs": 0.0, "eff_macs": 0.0, "ann_macs": 1500.0, "ann_eff_macs": 900.0},
            **{"synops": 600.0, "synops_graded": 200.0, "spikes": 60.0, "messages": 20.0},
            **{"inputs": 50.0, "outputs": 2048.0, "output_updates": 8192.0, "weights": 8192, "biases": 0},
        },
    ],
    "sites": [
        {
            **{"site": "s", "neurons": 50.0, "neuron_updates": 200.0, "spikes": 60.0, "messages": 20.0},
            **{"message_bits": 3, "spike_bits": 1, "longest_burst": 4, "state_bytes": 8},
        }
    ],
}
SUMS = [
    # (model, options, by hand)
    ("horowitz-45nm", {}, 4.6 * 1000 + 0.9 * 600),  # 5140
    ("horowitz-45nm", {"reading": "message"}, 5140),
    ("horowitz-45nm", {"zero_skipping": True}, 4.6 * 400 + 0.9 * 600),
    ("horowitz-45nm-int8", {}, 0.23 * 1000 + 0.03 * 600),
    ("horowitz-45nm-int8-acc32", {}, 0.3 * 1000 + 0.1 * 600),
    # a weight for each of 1000 MACs and 600 synaptic operations, a bias for 50 outputs: 4 bytes; 200 updates of 8 bytes, twice
    ("spikingjelly-simple", {}, 5140 + 24.96 * (4 * 1600 + 4 * 50 + 2 * 8 * 200)),
    ("spikingjelly-simple", {"reading": "message"}, 5140 + 24.96 * (4 * 1200 + 4 * 50 + 2 * 8 * 200)),
    # 'a' has 8192 bytes of parameters (10 pJ), 400 of inputs (0.48828125), 200 of outputs (0.244140625); 'b' 32768 (20 pJ), and
    # potentials of 8192 (10 pJ); queues of 4000 bytes 4.8828125 pJ; 50 neurons of 8 bytes 0.48828125 pJ an access
    (
        "lemaire-45nm",
        {},
        (3.2 * 1000 + 0.1 * (600 + 50 + 60))  # MACs, additions, biases, resets
        + (
            0.1 * 600 + 0.1 * (100 + 50) + 2 * 3.2 * 60
        )  # addresses of events, of a dense layer, of spikes of a convolution
        + (10 * (1000 + 50) + 20 * 600)  # weights and biases
        + (2 * 10 * 600 + 2 * 0.48828125 * 2 * 200)  # potentials by events, and by neurons: two words
        + (0.48828125 * 1000 + 0.244140625 * 50 + 4.8828125 * (60 + 60)),  # inputs, outputs, queues at both ends
    ),
    (
        "lemaire-45nm",
        {"reading": "message", "zero_skipping": True},
        (3.2 * 400 + 0.1 * (600 + 50 + 60))
        + (0.1 * 200 + 0.1 * (100 + 50) + 2 * 3.2 * 20)
        + (10 * (400 + 50) + 20 * 200)
        + (2 * 10 * 200 + 2 * 0.48828125 * 2 * 200)
        + (0.48828125 * 400 + 0.244140625 * 50 + 4.8828125 * (20 + 20)),
    ),
    # MAC(8) = 3.7 / 16 + 0.9 / 4, AC(8) = 0.9 / 4; 160 pJ a weight; 200 updates of two numbers, read and written, 2 pJ each;
    # 60 spikes of 1 bit, or 20 messages of 3, at 3 pJ a bit; 100 inputs of the layer that multiplies, 2 pJ each
    ("spyx-8bit-dram", {}, 0.45625 * 1000 + 0.225 * 600 + 160 * 1600 + 2 * 2 * 2 * 200 + 3 * 60 + 2 * 100),
    (
        "spyx-8bit-dram",
        {"reading": "message"},
        0.45625 * 1000 + 0.225 * 600 + 160 * 1200 + 2 * 2 * 2 * 200 + 3 * 60 + 2 * 100,
    ),
    ("spyx-8bit-on-chip", {}, 0.45625 * 1000 + 0.225 * 600 + 2 * 1600 + 2 * 2 * 2 * 200 + 3 * 60 + 2 * 100),
    (
        "neuromc-32nm",
        {},
        (1.36 * 1000 + 0.582 * 600)
        + 0.604 * 200  # an addition and a comparison a neuron
        + 5.302 * 1600
        + 2 * 92.683 / 16 * 2 * 200
        + 5.302 * 100  # inputs of 'a'
        + 5.793 * (50 + 8192)
        + 2 * 0.4485 * 60,
    ),
    ("loihi-1", {"host": "horowitz-45nm"}, 27.1 * 600 + 81 * 200 * 4 + 4.6 * 1000),  # a burst of 4 takes 4 steps
    ("loihi-1", {"host": "horowitz-45nm", "zero_skipping": True}, 27.1 * 600 + 81 * 200 * 4 + 4.6 * 400),
]


@pytest.mark.parametrize("name,options,expected", SUMS)
def test_each_model_gives_what_a_sum_by_hand_gives(name, options, expected):
    model = ENERGY_MODELS.get(name)
    assert model.energy_pj(COUNTERS, **options) == pytest.approx(expected, rel=1e-12)
    assert sum(model.parts_pj(COUNTERS, **options).values()) == pytest.approx(expected, rel=1e-12)


def test_every_model_has_an_example():
    assert {name for name, _, _ in SUMS} == set(ENERGY_MODELS.names()) - {"cheap-chip"}  # of a docstring


def test_the_chip_without_multiplication_refuses_it_in_one_sentence():
    model = ENERGY_MODELS.get("loihi-1")
    with pytest.raises(adafire.InputError, match="has no multiply-accumulate, and 1000 remain .* host='horowitz-45nm'"):
        model.energy_pj(COUNTERS)
    with pytest.raises(adafire.InputError, match="spikes of one bit, and these messages have up to 3"):
        model.energy_pj(COUNTERS, reading="message", host="horowitz-45nm")
    with pytest.raises(adafire.InputError, match="unknown energy model 'horowitz'"):
        model.energy_pj(COUNTERS, host="horowitz")
    unit = {**COUNTERS, "sites": [{**COUNTERS["sites"][0], "message_bits": 1, "longest_burst": 1}]}
    for reading in ("spike", "message"):  # unit spikes: the same
        found = model.energy_pj({**unit, "macs": 0.0}, reading=reading)
        assert found == pytest.approx(27.1 * 600 + 81 * 200)


def test_records_from_before_a_counter_are_priced_where_they_can_be():
    old = {
        **{key: COUNTERS[key] for key in ("macs", "synops")},
        "layers": [
            {"layer": "a", "op": "conv2d", "synops": 0.0, "synops_graded": 0.0, "macs": 1000.0, "ann_macs": 1000.0}
        ],
        "sites": [{"site": "s", "neurons": 50.0, "spikes": 60.0}],
    }
    assert ENERGY_MODELS.get("horowitz-45nm-int8-acc32").energy_pj(old) == 360
    for name, key in (("spikingjelly-simple", "weights"), ("lemaire-45nm", "spikes"), ("loihi-1", "neuron_updates")):
        with pytest.raises(adafire.InputError, match=f"energy model {name} needs '{key}' of every .*; count again"):
            ENERGY_MODELS.get(name).energy_pj(old)
    with pytest.raises(adafire.InputError, match="needs 'layers'"):
        ENERGY_MODELS.get("lemaire-45nm").energy_pj({"macs": 1.0, "synops": 1.0, "layers": [], "sites": []})
    with pytest.raises(adafire.InputError, match="needs 'eff_macs'"):
        ENERGY_MODELS.get("horowitz-45nm").energy_pj({"macs": 1.0, "synops": 1.0}, zero_skipping=True)
    with pytest.raises(adafire.InputError, match="law of its neurons does not say it"):
        quiet = {**COUNTERS["sites"][0], "state_bytes": None}
        ENERGY_MODELS.get("spikingjelly-simple").energy_pj({**COUNTERS, "sites": [quiet]})
    with pytest.raises(adafire.InputError, match="reading='burst'; expected one of spike, message"):
        ENERGY_MODELS.get("horowitz-45nm").energy_pj(COUNTERS, reading="burst")


def test_totals_that_are_missing_are_sums_of_rows():
    rows = {key: COUNTERS[key] for key in ("layers", "sites")}
    for name, options, expected in SUMS:
        assert ENERGY_MODELS.get(name).energy_pj(rows, **options) == pytest.approx(expected, rel=1e-12)


def test_somebody_elses_model_is_one_entry():
    mine = EnergyModel("mine", 2.0, 0.5, "a data sheet")
    assert (
        mine.energy_pj(COUNTERS) == mine.energy_pj(1000.0, 600.0) == mine.energy_pj(macs=1000.0, synops=600.0) == 2300
    )
    per_message = EnergyModel(
        "messages", None, 0.0, "mine", parts=lambda model, counters, host: {"messages": counters.total("messages")}
    )
    assert per_message.energy_pj(COUNTERS) == 20
    four = by_bits("spyx-4bit-on-chip", 4, 0.25, "on the chip")
    assert (four.mac_pj, four.ac_pj) == pytest.approx((3.7 / 64 + 0.9 / 8, 0.9 / 8))


def test_a_memory_costs_by_its_size():
    assert [access_pj(n) for n in (0, 4096, 8192, 20480, 32768, 540672, 2**20, 2**24)] == [
        0,
        5,
        10,
        15,
        20,
        60,
        100,
        100,
    ]


class Three(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(2, 2, bias=False), nn.Linear(2, 3), nn.Linear(3, 2)
        self.a.weight.data = torch.tensor([[0.5, 0.0], [0.25, 1.0]])
        self.b.weight.data = torch.tensor([[0.5, 0.0], [0.0, -1.0], [0.25, 0.5]])
        self.b.bias.data.zero_()

    def forward(self, x):
        return self.c(torch.relu(self.b(torch.relu(self.a(x)))))


@pytest.fixture(scope="module")
def three():
    """Two steps on (2, 0); thresholds 1/2, bursts of up to 3."""
    network, x = Three().eval(), torch.tensor([[2.0, 0.0]])
    snn = adafire.convert(network, x, method="burst", timesteps=2, phi_plus=3)
    snn.params = {i: p._replace(theta=torch.full((1, 1), 0.5)) for i, p in snn.params.items()}
    snn.counts_ann = True
    snn(x)
    return snn.report()


def test_every_counter_of_three_layers_by_hand(three):
    """On paper. ANN: a gives (1, 1/2), b (1/2, -1/2, 1/2), so that ReLUs hold (1, 1/2) and (1/2, 0, 1/2).

    a: one input of two is 0: 4 MACs, once, 2 of them with an operand.
    Site 1 gets (1, 1/2) at every step, at a threshold of 1/2: (2, 1) spikes in step 1, (2, 1) in step 2: 6 spikes, 4 messages
    (both neurons, both steps), 2 neurons x 2 steps = 4 updates.
    b: 6 spikes x 3 synapses = 18 additions, 4 messages x 3 = 12. ANN: 2 inputs x 3 = 6 MACs, none of them 0.
    Site 2 gets 2 (1/4, 0, 1/8) + (0, -1/2, 1/4) = (1/2, -1/2, 1/2) at every step: (1, 0, 1) spikes in both: 4 spikes, 4 messages,
    3 x 2 = 6 updates.
    c: 4 spikes x 2 = 8 additions, and as many messages. ANN: 3 inputs x 2 = 6 MACs, 2 x 2 = 4 with an operand.
    The law: counts of 1 to 3 are 2 bits, a spike 1; the potential is 4 bytes; 3 x 2 = 6 values; 2 steps x 3 = 6 sub-steps.
    Weights: 4; 6 and 3 biases; 6 and 2: 21 numbers, 84 bytes; with 5 neurons of 4 bytes 104.
    Outputs: a 2, once; b 3 at 2 steps; c 2, once, when it is read out."""
    layers, sites = ({row[key]: row for row in rows} for rows, key in ((three.layers, "layer"), (three.sites, "site")))
    keys = "macs eff_macs ann_macs ann_eff_macs synops synops_graded spikes messages".split()
    assert {name: [row[key] for key in keys] for name, row in layers.items()} == {
        "a": [4, 2, 4, 2, 0, 0, 0, 0],
        "b": [0, 0, 6, 6, 18, 12, 6, 4],
        "c": [0, 0, 6, 4, 8, 8, 4, 4],
    }
    keys = "inputs outputs output_updates weights biases weight_bytes".split()
    assert {name: [row[key] for key in keys] for name, row in layers.items()} == {
        "a": [2, 2, 2, 4, 0, 16],
        "b": [2, 3, 6, 6, 3, 36],
        "c": [3, 2, 2, 6, 2, 32],
    }
    keys = "neurons neuron_updates spikes messages message_bits spike_bits longest_burst state_bytes values sub_steps".split()
    assert [[row[key] for key in keys] for row in sites.values()] == [
        [2, 4, 6, 4, 2, 1, 3, 4, 6, 6],
        [3, 6, 4, 4, 2, 1, 3, 4, 6, 6],
    ]
    whole = {
        **{
            "macs": 4,
            "eff_macs": 2,
            "ann_macs": 16,
            "ann_eff_macs": 12,
            "synops": 26,
            "synops_graded": 20,
            "neurons": 5,
        },
        **{"spikes": 10, "messages": 8, "neuron_updates": 10, "sub_steps": 6, "active_steps": 2, "message_bits": 2},
        **{"sent_bits": 16, "values": 6, "weight_bytes": 84, "footprint_bytes": 104, "mean_timesteps": 2},
    }
    assert {key: getattr(three, key) for key in whole} == whole


BY_HAND = {
    # model: (spike, message, the network before conversion, that with zeros skipped), in pJ
    "horowitz-45nm": (41.8, 41.8, 73.6, 55.2),  # 4.6 x 4 + 0.9 x 26; 4.6 x 16; 4.6 x 12
    "horowitz-45nm-int8": (1.7, 1.7, 3.68, 2.76),  # 0.23 x 4 + 0.03 x 26
    "horowitz-45nm-int8-acc32": (3.8, 3.8, 4.8, 3.6),  # 0.3 x 4 + 0.1 x 26
    "spikingjelly-simple": (5832.52, 5233.48, 2170.24, 1752.48),
    "lemaire-45nm": (120.35625, 99.785546875, 54.0521484375, 41.1349609375),
    "spyx-8bit-dram": (4881.675, 3939.675, 2581.3, 1939.475),
    "spyx-8bit-on-chip": (141.675, 147.675, 53.3, 43.475),
    "neuromc-32nm": (379.02975, 352.59975, 184.257, 157.609),
    "loihi-1": (3153.0, None, 73.6, 55.2),  # 27.1 x 26 + 81 x 10 x 3 + 4.6 x 4, with a host for the MACs
}


@pytest.mark.parametrize("name", BY_HAND)
def test_every_model_of_three_layers_by_hand(three, name):
    """On paper, from the counters above; spike, [message], (the ANN).

    spikingjelly-simple: a word of 4 bytes is 99.84 pJ. 4 + 26 [4 + 20] (16) reads of weights are 2995.2 [2396.16] (1597.44); biases
    b 3 x 2 + c 2 = 8 (5) are 798.72 (499.2); 10 updates, read and written, 1996.8 (none). With arithmetic 41.8 (73.6): 5832.52
    [5233.48] (2170.24). Zeros skipped: 55.2 + 12 x 99.84 + 499.2 = 1752.48.

    lemaire-45nm: memories below 8 KiB cost bytes / 819.2 an access of 4. Parameters: a 16 bytes 0.01953125, b 36 bytes 0.0439453125,
    c 32 bytes 0.0390625; 8 bytes 0.009765625, 12 bytes 0.0146484375; queues 4.8828125.
      operations  26 x 0.1 + 8 biases x 0.1 + 4 MACs x 3.2 + 10 resets x 0.1 = 17.2   (16 x 3.2 + 5 x 0.1 = 51.7)
      addresses   26 [20] x 0.1 + (2 + 2) x 0.1 = 3.0 [2.4]                           ((4 + 5 + 5) x 0.1 = 1.4)
      weights     a 4, b 18 [12] + 6, c 8 + 2 reads: 1.5234375 [1.259765625]         (a 4, b 6 + 3, c 6 + 2: 0.7861328125)
      potentials  b 2 x 18 [12] x 0.0146484375, c 2 x 8 x 0.009765625, sites 2 x 4 x 0.009765625 + 2 x 6 x 0.0146484375:
                  0.9375 [0.76171875]
      in and out  a 2 + 2 at 0.009765625; queues 10 + 10 [8 + 8]: 97.6953125 [78.1640625]  (a 4, b 2, c 2 at 0.009765625, b 3 and
                  c 3 at 0.0146484375: 0.166015625)
    Zeros skipped: 12 x 3.2 + 0.5 = 38.9; 1.4; weights a 2, b 6 + 3, c 4 + 2: 0.6689453125; a linear layer reads each input once all
    the same: 0.166015625.

    spyx-8bit-dram: 0.45625 x 4 + 0.225 x 26 = 7.675 (7.3); 160 x 30 [24] (16) = 4800 [3840] (2560); 10 updates x 4 = 40; 10 spikes
    of 1 bit [8 messages of 2] x 3 = 30 [48]; 2 (2 + 2 + 3) inputs x 2 = 4 (14). Zeros skipped: 5.475 + 1920 + 14 = 1939.475.
    spyx-8bit-on-chip: 2 x 30 [24] (16) = 60 [48] (32) in place of DRAM. Zeros skipped: 5.475 + 24 + 14 = 43.475.

    neuromc-32nm: 1.36 x 4 + 0.582 x 26 = 20.572 (21.76); 0.604 x 10 = 6.04; 5.302 x 30 [24] (16) = 159.06 [127.248] (84.832); 2 x 10 x
    92.683 / 16 = 115.85375; inputs 2 (7) x 5.302, outputs 10 (7) x 5.793 = 68.534 (77.665); 10 [16] bits x 2 x 0.4485 = 8.97
    [14.352]. Zeros skipped: 16.32 + 63.624 + 77.665 = 157.609."""
    spike, message, ann, skipped = BY_HAND[name]
    host = {"host": "horowitz-45nm"} if name == "loihi-1" else {}
    close = lambda value: pytest.approx(value, rel=1e-12)
    assert three.energy_pj(name, **host) == close(spike)
    assert three.ann_energy_pj(name, **host) == close(ann)
    assert three.ann_energy_pj(name, zero_skipping=True, **host) == close(skipped)
    if message is not None:
        assert three.energy_pj(name, reading="message", **host) == close(message)
    assert ENERGY_MODELS.get(name).energy_pj(three.as_dict(), **host) == close(spike), "from a plain mapping, too"


def test_an_snn_knows_the_energy_of_its_ann(three):
    network, x = Three().eval(), torch.tensor([[2.0, 0.0]])
    ann = adafire.convert(network, x, method="ann")
    ann(x)
    for name in set(BY_HAND) - {"loihi-1"}:
        for skips in (False, True):
            own = ENERGY_MODELS.get(name).energy_pj(ann.report(ann.timesteps).as_dict(), zero_skipping=skips)
            assert three.ann_energy_pj(name, zero_skipping=skips) == pytest.approx(own), name
    assert counters_of_ann(three.as_dict())["macs"] == 16
    with pytest.raises(adafire.InputError, match="set snn.counts_ann = True"):
        blind = three.as_dict()
        blind["ann_eff_macs"] = None
        blind["layers"] = [{**row, "ann_eff_macs": None} for row in blind["layers"]]
        ENERGY_MODELS.get("horowitz-45nm").energy_pj(counters_of_ann(blind), zero_skipping=True)


def test_a_burst_that_is_charged_once_keeps_its_old_figure(three):
    assert three.energy_pj(graded=True) == pytest.approx(4.6 * 4 + 0.9 * 20)


def test_the_page_says_everything_of_every_model():
    text = energy_page()
    for name in ENERGY_MODELS.names():
        model = ENERGY_MODELS.get(name)
        for words in (f"## {name}\n", model.source, model.formula, model.included, model.excluded):
            assert words in text, name


def test_the_page_on_energy_runs():
    found = doctest.testfile(str(ROOT / "docs" / "energy.md"), module_relative=False)
    assert found.attempted > 5 and not found.failed


def test_models_of_arithmetic_alone_keep_their_constants():
    """Figures in records were made with them."""
    found = {n: (ENERGY_MODELS.get(n).mac_pj, ENERGY_MODELS.get(n).ac_pj) for n in ENERGY_MODELS.names()}
    assert found["horowitz-45nm"] == (4.6, 0.9) and found["horowitz-45nm-int8"] == (0.23, 0.03)
    assert found["horowitz-45nm-int8-acc32"] == (0.3, 0.1)
    assert ENERGY_MODELS.get("horowitz-45nm").parts is arithmetic
