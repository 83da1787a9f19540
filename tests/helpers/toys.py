"""A tiny task for the runner, and methods that follow a script."""

import os
from types import SimpleNamespace

import torch
from torch import nn

import adafire
import adafire.methods
from adapters.base import Batch, Evaluation, Workload, adapters
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.task import Task

TASK = {
    "name": "toy",
    "version": 1,
    "family": "classification",
    "metric": "accuracy",
    "adapter": "toy",
    "methods": ["quantised", "steady"],
    "timesteps": [1, 2],
    "variants": {"mini": {"split": "mini", "data": {"type": "noise"}, "calibration": {"samples": 4}, "batch_size": 4}},
}


class ToyWorkload(Workload):
    """10 random images, a convolution, a ReLU and a linear layer; right is what the network itself says."""

    family, metric = "classification", "accuracy"

    def __init__(self, settings, options):
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 3)).eval()
        self.images, self.batch_size = torch.rand(options.limit or 10, 1, 6, 6), settings["batch_size"]
        self.labels = self.network(self.images).argmax(1).tolist()
        self.calibration_images = [torch.rand(4, 1, 6, 6)] if settings.get("calibrated", True) else []
        self.overlap = settings.get("overlap", 0)

    def calibration(self):
        return self.calibration_images

    def batches(self):
        for start in range(0, len(self), self.batch_size):
            images = self.images[start : start + self.batch_size]
            yield Batch(list(range(start, start + len(images))), images)

    def __len__(self):
        return len(self.images)

    def predict(self, outputs, batch):
        return outputs.argmax(1).tolist()

    def evaluate(self, predictions):
        right = [predictions[i] == label for i, label in enumerate(self.labels)]
        return Evaluation({"accuracy": sum(right) / len(right)}, 0.0, 1.0, {"right": [int(r) for r in right]})

    def describe(self):
        return {
            "data": {"name": "noise", "split": "test", "samples": len(self), "fingerprint": f"f{len(self)}"},
            "calibration": {"samples": 4, "fingerprint": "c", "overlap": self.overlap},
            "weights": {"source": "seed 0", "sha256": "w"},
            "network": "toy",
        }


if "toy" not in adapters.names():
    adapters.register("toy", ToyWorkload)


class ScriptedSNN:
    """The face of adafire.convert's result around the network itself; ``calls`` notes what was asked of it."""

    calls, spared_s = [], 0.0

    def __init__(self, network, calibration, method, timesteps, forward, precision, seed=0, exit_judge=None):
        self.network, self.forward, self.method, self.timesteps = network, forward, method, timesteps

    def reset(self):  # a simulation begins
        self.calls.append((self.method, self.timesteps))

    def __call__(self, x, at):
        script = SCRIPTS.get(self.method)
        outputs = [self.forward(self.network, x) for _ in at]
        return script(outputs) if script else outputs

    def report(self, at):
        return SimpleNamespace(
            timesteps=at,
            mean_timesteps=float(at),
            exits={at: 1},
            firing_rate=0.1,
            spikes=10.0 * at,
            synops=100.0 * at,
            synops_graded=100.0 * at,
            macs=50.0,
            eff_macs=40.0,
            weight_bytes=16,
            footprint_bytes=24.0,
            values=2 * at,
            messages=10.0 * at,
            message_bits=1,
            sent_bits=10.0 * at,
            neuron_updates=40.0 * at,
            sub_steps=2.0 * at,
            active_steps=float(at),
            layers=[],
            over_fired=0.0,
            over_fired_sites=0.0,
            energy_pj=lambda model: 90.0 * at,
            sites=[{"site": "1", "phi_plus": 2, "phi_minus": 0, "threshold": float("inf")}],
        )


def nan(outputs):
    return [output * float("nan") for output in outputs]


def broken(outputs):
    raise RuntimeError("the wheels\ncame off")


def interrupt(outputs):
    raise KeyboardInterrupt


SCRIPTS = {"nan": nan, "broken": broken, "interrupt": interrupt}


def toy(**variant):
    return parse(Task, {**TASK, "variants": {"mini": {**TASK["variants"]["mini"], **variant}}}, "toy")


def run_in_process(folder, log):
    """A run of three methods in a process of its own; ``log`` tells which process simulated which."""

    class Logging(ScriptedSNN):
        def reset(self):
            with open(log, "a") as file:
                file.write(f"{self.method} {os.getpid()}\n")

    methods = {
        name: SimpleNamespace(
            name=name, kind=kind, anytime=True, parameters=lambda t: {}, quantiser_levels=lambda t, limit: t * limit
        )
        for name, kind in (("ann", "ann"), ("steady", "snn"), ("again", "snn"), ("third", "snn"))
    }
    adafire.methods.get, adafire.convert = methods.__getitem__, Logging
    outcome = run(toy(), "mini", ["steady", "again", "third"], [1], out=folder)
    raise SystemExit(0 if [r.status for r in outcome.records] == ["ok"] * 4 else 1)
