"""The public face: a network and calibration data in, a spiking network out."""

from .calibration import Calibration, Fitting
from .errors import InputError
from .graph import call_network, check_weights, normal_mode
from .methods import Method, get
from .simulation import dtype_of, exact_params
from .snn.network import SNN


@normal_mode
def convert(
    network,
    calibration,
    method="adafire",
    timesteps=8,
    forward=None,
    memory_gb=0.5,
    precision="fp32",
    seed=0,
    exit_judge=None,
    verify=True,
    **options,
):
    """Convert a trained network into a spiking one, without training.

    network: any eager ``nn.Module`` in eval mode; it is not modified, and what is done to it later does not reach the
    SNN, which has a copy. calibration: one input (a tensor [B, ...], a tuple of arguments, or a dict of keyword arguments),
    or a list or another iterable of inputs; unlabelled. method: a name from
    ``adafire.methods.names()`` or a Method; options: its parameters, e.g. ``phi_plus=8``. timesteps: T that thresholds and
    corrections are fitted for. forward(network, x): how to call the network for raw outputs. memory_gb: bound on the
    activations held at once; more timesteps than fit run in chunks. precision: 'fp32', or 'bf16' or 'fp16' for weights and
    what flows between sites (membranes fp32; spikes exact where precision.py says so). exit_judge: an ``ExitJudge`` for early
    exit on other outputs than class scores. seed: of what is drawn (batches of weight calibration). verify: prove every plan
    against the network, here and on inputs of a new shape (proof.py; three forwards). Returns an ``SNN``. Raises InputError
    and UnsupportedError before any long work.
    """
    method = (method if isinstance(method, Method) else get(method)).with_options(**options)
    if not isinstance(timesteps, int) or isinstance(timesteps, bool) or timesteps < 1:
        raise InputError(f"timesteps={timesteps!r}; expected an integer of 1 or more")
    dtype_of(precision)  # refused before any work
    check_weights(network)
    if not isinstance(calibration, Calibration):
        calibration = Calibration(calibration)
    if not memory_gb > 0:
        raise InputError(f"memory_gb={memory_gb!r}; expected a positive number of gigabytes")
    fitting = Fitting(network, method, timesteps, forward or call_network, memory_gb, calibration, verify, seed)
    fitting.exit_judge = exit_judge
    if method.kind != "ann":
        method.fit(fitting)
    if precision != "fp32":
        fitting.params = fitting.corrected({i: exact_params(p, precision) for i, p in fitting.params.items()}, method)
        if any(p.neuron is not None for p in fitting.params.values()):
            fitting.notes.append(f"{precision}: what the neurons of {method.name} send is rounded (precision.py)")
    snn = SNN(fitting)
    if precision != "fp32":
        snn.to_precision(precision)
    return snn
