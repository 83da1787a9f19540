"""What an adapter hands to the runner: a network, its data, how raw outputs become predictions, and the metric.

The runner knows nothing of frameworks. For every batch it simulates ``forward(network, batch.inputs)``, gives the
time-averaged raw outputs to ``predict`` and, at the end, all predictions to ``evaluate``.
"""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from adafire.errors import UnsupportedError
from adafire.registry import Registry

adapters = Registry("adapter")
"""name -> function(settings: dict, options: WorkloadOptions) -> Workload; a task names its adapter."""


class Batch(NamedTuple):
    """Some test samples: their ids, what ``forward`` takes, and what ``predict`` needs besides."""

    ids: list
    inputs: Any
    context: Any = None


class Evaluation(NamedTuple):
    """Scores of one set of predictions.

    metrics: every metric by name (floats; the primary one among them). low, high: 95 % interval of the primary metric.
    evidence: what others need to recompute or compare it: JSON-able (packed correctness bits, bootstrap replicates
    drawn with the fixed seed that makes them paired between methods, ...).
    """

    metrics: dict
    low: float
    high: float
    evidence: dict


class WorkloadOptions(NamedTuple):
    """What the command line says about the data and weights of a task; None where it says nothing. seed: of what is drawn;
    draw, draws: which of how many choices of calibration samples (shared/draws.py);
    None: as many as the task says."""

    split: str = "mini"
    variant: str | None = None
    data_root: str | None = None
    checkpoint: str | None = None
    trust_checkpoint: bool = False
    limit: int | None = None
    device: str = "cpu"
    seed: int = 0
    draw: int = 0
    draws: int | None = None

    @classmethod
    def of(cls, args, **more):
        """From a command line's arguments (argparse's Namespace): its options of the same names, and ``more``."""
        names = ("data_root", "checkpoint", "trust_checkpoint", "limit", "device", "seed", "draws")
        return cls(**{name: getattr(args, name) for name in names if hasattr(args, name)} | more)


class Workload(ABC):
    """A network with the data to calibrate and to score it.

    Attributes: ``network`` (nn.Module in eval mode, on the device), ``family`` ('detection', ...), ``metric`` (name of
    the primary metric, higher is better), ``projection`` (of the matplotlib Axes it is drawn into; '3d' or None).
    """

    family: str
    metric: str
    network: Any
    projection: str | None = None

    def forward(self, network, inputs):
        """How the network is called to get its raw outputs (tensors in any nesting). Default: network(inputs)."""
        return network(inputs)

    def simulate(self, snn, batch, at):
        """Raw outputs of a Batch at each of the read-out times ``at``, by an ``adafire.SNN``: a list for ``predict``."""
        return snn(batch.inputs, at=at)

    @abstractmethod
    def calibration(self):
        """list of inputs for ``forward``; unlabelled, disjoint from the test samples."""

    @abstractmethod
    def batches(self):
        """Iterator of Batch over the test samples, in a fixed order."""

    @abstractmethod
    def __len__(self):
        """Number of test samples."""

    @abstractmethod
    def predict(self, outputs, batch):
        """list with one prediction a sample, from (time-averaged) raw outputs of one batch."""

    @abstractmethod
    def evaluate(self, predictions):
        """Evaluation of ``{id: prediction}``."""

    def labels(self):
        """{id: number of its true class} of the test samples, for reports; None where a sample has no one class."""
        return None

    @abstractmethod
    def describe(self):
        """JSON-able identity of data and weights, all of which enters the record's key:
        {'data': {name, split, samples, fingerprint}, 'calibration': {samples, fingerprint, overlap: 0},
        'weights': {source, sha256}, 'network': name, ...}. ``overlap`` is counted, not assumed."""

    def draw(self, axes, sample_id, prediction):
        """Draw test sample ``sample_id`` into matplotlib Axes, with ``prediction`` (what ``predict`` gave for it), or
        with its ground truth where that is None. Words about it go into ``axes.set_xlabel``; the title is taken."""
        raise UnsupportedError(f"{type(self).__name__} workloads cannot be drawn yet: their adapter has no draw()")

    notes = ()
    """Sentences about the data that belong beside every number, such as what could not be told from the files."""
    data_form = None
    """In which form the samples lie there ('3000 JPEG files'), for records; None where there is only one."""
    classes = None
    """Names of the classes in the order of their numbers, for reports; None where the record names them itself."""
    exit_judge = None
    """adafire.simulation.exit.ExitJudge for early exit, in families whose outputs are no class scores."""
    decoded = None
    """The test batches, once they were read (benchmarks/running/decoded.py)."""
    reference = None
    """The ANN's outputs, once they were asked for (benchmarks/running/fidelity.py)."""
    draw_input = None
    """draw_input(axes, sample_id): the sample alone, where ``draw`` hides it."""
    draw_error = None
    """draw_error(axes, sample_id, prediction): where the prediction is wrong, in families that have such a picture."""
