"""Event-camera recordings as workloads: a classifier, a set of recordings, a representation of events, accuracy.

    workload = adapters.get('events')(dict(model=..., checkpoint=FILE, data=dict(type='recordings', root=DIR),
        representation=dict(kind='frames', bins=8, size=64), calibration=dict(samples=256)), options)

Which data there are: adapters/events/data/event_sets.py and published_events.py; which representations: event_frames.py. In
'frames' timestep t sees bin t of the recording, so accuracy at T is accuracy after T bins of events; the ANN sees the mean
of all frames, the quantised ANN at T the mean of the first T (adafire/frames.py). Every recording is read, checked and
counted before any long work; counts stay in memory, one byte each.
"""

import copy
import hashlib
from typing import NamedTuple

import numpy as np
import torch

from adafire import Frames
from adafire.errors import InputError

from ..base import Batch, adapters
from ..classification.classification import (
    Classification,
    _check_outputs,
    build_classifier,
)
from ..shared.asked import amounts, check_keys
from ..shared.checkpoints import describe_weights
from ..shared.copies import repeated
from ..shared.draws import drawn
from ..shared.fingerprints import of_entries
from .data import published_events  # noqa: F401  (registers its sets)
from .data.event_frames import representation
from .data.event_sets import read
from .data.event_values import check_duration, odd_duration

SETTINGS = ("model", "checkpoint", "data", "calibration", "batch_size", "representation")


class Sample(NamedTuple):
    """counts: uint8 [bins, 2, size, size]; sha256: of the recording's events, which lie within ``extent`` (width, height);
    odd: what its duration is, if that is none in the unit of time that was told."""

    id: str
    label: int
    counts: np.ndarray
    sha256: str
    events: int
    extent: tuple
    odd: str | None


def samples(event_set, recordings, form):
    """[Sample] of Recordings, in their order; reads (or generates) every one of them."""
    made = []
    for r, events in zip(recordings, event_set.load(recordings), strict=True):
        whole = r.begin_us is None
        if whole and event_set.times == "assumed":
            check_duration(events, form.window_ms, r.id)
        digest = hashlib.sha256(np.ascontiguousarray(events).tobytes()).hexdigest()
        made.append(
            Sample(
                r.id,
                r.label,
                form.counts(events, event_set.sensor, r.begin_us),
                digest,
                len(events),
                (int(events["x"].max()) + 1, int(events["y"].max()) + 1),
                odd_duration(events, form.window_ms) if whole and event_set.times == "told" else None,
            )
        )
    return made


class Events(Classification):
    """A classifier of recordings; predictions are accuracy.Prediction."""

    family = "events"

    def forward(self, network, inputs):
        """The network on one timestep's picture; outside of a simulation, on the mean of all frames."""
        return network(inputs.mean() if isinstance(inputs, Frames) else inputs)

    def _load(self, chosen):
        for start in range(0, len(chosen), self.batch_size):
            part = chosen[start : start + self.batch_size]
            counts = torch.from_numpy(np.stack([s.counts for s in part])).to(self.device)
            yield part, self.prepare.inputs(counts)

    def batches(self):
        for part, inputs in self._load(self.test):
            yield Batch([s.id for s in part], inputs, [s.label for s in part])

    def until(self, bins):
        """This workload as if each test recording had ended after so many of its bins: the others are empty in the
        constant representation; frames are shown, and averaged for the ANN, up to there."""
        shorter = copy.copy(self)
        known = np.arange(self.prepare.bins) < bins
        cut = (lambda c: c[:bins]) if self.prepare.kind == "frames" else (lambda c: c * known[:, None, None, None])
        shorter.test = [s._replace(counts=cut(s.counts)) for s in self.test]
        return shorter

    def draw(self, axes, sample_id, prediction):
        """Brighter events red, darker ones blue, where both came white; the whole recording."""
        sample = next(s for s in self.test if s.id == sample_id)
        darker, brighter = sample.counts.sum(0, dtype=np.float32) / max(1.0, float(sample.counts.sum(0).max()))
        axes.imshow(np.stack([brighter, np.minimum(darker, brighter), darker], -1) ** 0.5, interpolation="nearest")
        chosen = sample.label if prediction is None else prediction.top
        axes.set_xlabel(self.classes[chosen], color="black" if chosen == sample.label else "#d55e00")


def _calibration(event_set, wanted, scored, form, options):
    """The ``wanted`` candidates of this draw whose events are not among ``scored`` (sha256)."""
    candidates = drawn(event_set.candidates, wanted, options, event_set.name, name=lambda recording: recording.id)
    chosen = []
    for start in range(0, len(candidates), wanted):
        found = samples(event_set, candidates[start : start + wanted], form)
        chosen += [s for s in found if s.sha256 not in scored]
        if len(chosen) >= wanted:
            return chosen[:wanted]
    raise InputError(
        f"{wanted} calibration samples are asked for, but {event_set.name} has {len(chosen)} that are not "
        f"scored as well (of {len(event_set.candidates)}); lower calibration=dict(samples=...)"
    )


def _odd(test, sensor):
    """Notes on what was told of recordings and does not look like it: the sensor's size, the unit of time."""
    reach = tuple(max(s.extent[k] for s in test) for k in (0, 1))
    if all(2 * r < side for r, side in zip(reach, sensor)):
        yield (
            f"all events lie within {reach[0]} x {reach[1]} pixels of a sensor of {sensor[0]} x {sensor[1]}: is it smaller? "
            "data=dict(size=(width, height)) says so"
        )
    odd = [s for s in test if s.odd]
    if odd:
        yield f"{len(odd)} of {len(test)} recordings last as none does: '{odd[0].id}' {odd[0].odd}; is the unit of time that was told right?"


@adapters.register("events")
def workload(settings, options):
    """Events from a variant's settings; everything that can be wrong with its files is found here."""
    check_keys(settings, SETTINGS, "setting")
    model, checkpoint = settings.get("model"), options.checkpoint or settings.get("checkpoint")
    name = model.get("name") if isinstance(model, dict) else model
    wanted, batch_size, limit = amounts(settings, options)
    form = representation(settings.get("representation", {}))
    network = build_classifier(model, checkpoint, options.device, options.trust_checkpoint, options.seed)
    event_set = read(settings.get("data"), options)
    test = samples(event_set, event_set.test[:limit], form)
    scored = {s.sha256 for s in test}
    chosen = _calibration(event_set, wanted, scored, form, options)
    description = {
        "data": {
            "name": event_set.name,
            "split": options.split,
            "samples": len(test),
            "classes": len(event_set.classes),
            "events": round(sum(s.events for s in test) / len(test), 1),
            "fingerprint": of_entries((s.id, s.label, s.sha256) for s in test),
        },
        "calibration": {
            "samples": len(chosen),
            "set_aside": event_set.set_aside,
            "fingerprint": of_entries((s.id, s.sha256) for s in chosen),
            "overlap": sum(s.sha256 in scored for s in chosen),
        },
        "weights": describe_weights(str(checkpoint).replace("\\", "/").rsplit("/", 1)[-1], network),
        "network": name,
        "representation": {**form._asdict(), "channels": form.channels},
    }
    made = Events(network, form, event_set.classes, test, chosen, batch_size, options.device, description)
    made.notes = [
        *event_set.notes,
        *_odd(test, event_set.sensor),
        *repeated("recordings", [s.id for s in test], [s.label for s in test], [s.sha256 for s in test]),
    ]
    _check_outputs(made, name)
    return made
