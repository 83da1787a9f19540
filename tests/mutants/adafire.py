"""The library: the neuron, thresholds, early exit, what is counted."""

from . import Mutant

MUTANTS = [
    Mutant(
        "early exit: who leaves pays for the whole batch",
        "adafire/simulation/exit.py",
        "            leave(rows[out], map_tensors(lambda y: y[out], outputs), part(run, out, plans))",
        "            leave(rows[out], map_tensors(lambda y: y[out], outputs), run)",
        ("tests/test_exit_costs.py",),
    ),
    Mutant(
        "early exit: everybody leaves one step late",
        "adafire/simulation/exit.py",
        "        gone = rule.sure(class_scores(outputs) if judge is None else judge.scores(outputs), t)",
        "        gone = rule.sure(class_scores(outputs) if judge is None else judge.scores(outputs), max(1, t - 1))",
        ("tests/test_exit.py", "tests/test_exit_costs.py"),
    ),
    Mutant(
        "synaptic operations of early exit at the steps of all",
        "adafire/cost/meter.py",
        '        sums["steps"] += batch * t\n',
        '        sums["steps"] += batch * at\n',
        ("tests/test_exit_costs.py", "tests/test_exit.py"),
    ),
    Mutant(
        "a burst counts once in synaptic operations",
        "adafire/cost/meter.py",
        "lambda site: getattr(run.neurons[site.index], kind),",
        'lambda site: getattr(run.neurons[site.index], "graded"),',
        ("tests/test_energy.py",),
    ),
    Mutant(
        "the neuron may not take spikes back",
        "adafire/neurons/count.py",
        "        new = torch.minimum(torch.maximum(want, n - params.phi_minus), n + params.phi_plus)",
        "        new = torch.minimum(torch.maximum(want, n), n + params.phi_plus)",
        ("tests/test_neuron.py",),
    ),
    Mutant(
        "the bias current comes once instead of at every step",
        "adafire/neurons/count.py",
        "activation.target(x + params.bias * float(t), t)",
        "activation.target(x + params.bias, t)",
        ("tests/test_neuron.py",),
    ),
    Mutant(
        "thresholds for a quantiser that rounds down",
        "adafire/calibration/thresholds.py",
        'offset = 0.5 if objective == "round" else 1.0',
        "offset = 1.0",
        ("tests/test_thresholds.py",),
    ),
    Mutant(
        "a percentile one bin too low",
        "adafire/calibration/thresholds.py",
        "    edge = (index + 1) * histogram.top / histogram.BINS",
        "    edge = index * histogram.top / histogram.BINS",
        ("tests/test_thresholds.py",),
    ),
]
