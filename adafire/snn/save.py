"""A conversion on disk: ``snn.save(path)``, read by load.py; nothing is pickled (ours).

The file (tensors_file.py) holds the network's weights, what was fitted (fitted.py), and JSON that names the method, its
options, the sites and the structure of the input. Architecture is code, and no code is in the file: the caller brings the
network, and functions that were given (``forward=``, ``exit_judge=``). What a file says is believed only as far as the network
agrees: a dry run must find the same sites, weights must have the same names, shapes and types, and, on a made-up input, the
network must give the outputs that it gave when it was saved.
"""

import json

import torch

from ..graph import call_network, normal_mode
from ..graph.template import make
from ..simulation import cast, digest, own_outputs
from ..tensors_file import write
from .fitted import fitted_tensors
from .saved_tensors import own_tensors, packed
from .saved_terms import FORMAT, method_terms, site_terms

KEY = "adafire"


@normal_mode
def save(snn, path):
    """Write ``snn`` to ``path``: whole, or not at all. InputError for what no file can name: a method that is not registered, a
    law of neurons or a kind of tensor of one's own."""
    tensors = {**{f"network.{name}": tensor for name, tensor in own_tensors(snn.network)}, **fitted_tensors(snn)}
    x = made_up(snn.template, snn.network, snn.precision)
    outputs = None if x is None else outputs_of(snn.network, x, snn.call)
    try:
        found = json.loads(json.dumps(snn.found, allow_nan=False))
    except (TypeError, ValueError):  # a method of one's own may keep what it likes
        found = {}
    terms = {
        "format": FORMAT,
        "method": method_terms(snn.method),
        "timesteps": snn.timesteps,
        "memory_gb": snn.memory_gb,
        "most_at_once": snn.most_at_once,
        "relays": snn.plan.relays,
        "verified": snn.plan.verified,
        "precision": snn.precision,
        "reference": snn.plan.base is not None,
        "forward": snn.call is not call_network,
        "exit_judge": snn.exit_judge is not None,
        "exit": None if snn.exit is None else snn.exit.rule,
        "sites": [site_terms(site, snn.params.get(site.index)) for site in snn.sites],
        "input": None if outputs is None else snn.template,
        "outputs": outputs,
        "found": found,
        "notes": list(snn.notes),
        "layouts": {
            name: list(t.stride())
            for name, t in tensors.items()
            if t.layout == torch.strided and not t.is_contiguous() and packed(t.shape, t.stride())
        },
    }
    write(path, tensors, {KEY: json.dumps(terms, allow_nan=False)})


def made_up(template, network, precision):
    """An input of the structure ``template`` where the network is, or None."""
    if template is None:
        return None
    device = next((t.device for _, t in own_tensors(network)), "cpu")
    return cast(make(template, device), precision)


def outputs_of(network, x, call):
    """A few numbers for each tensor that the network gives for ``x``; None where it takes no made-up input."""
    try:
        found = [[list(shape), projection, norm] for shape, projection, norm in digest(own_outputs(network, x, call))]
        json.dumps(found, allow_nan=False)
    except Exception:
        return None
    return found
