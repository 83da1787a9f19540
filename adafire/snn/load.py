"""``adafire.load(path, network)``: the SNN that ``snn.save(path)`` wrote, the same bits (ours).

What a file says is believed only as far as the network agrees: a dry run must find the same sites, weights must have the same
names, shapes and types, and, on a made-up input, the network must give the outputs that it gave when it was saved.
"""

from types import SimpleNamespace

from ..errors import AdafireError, InputError
from ..graph import Snapshot, call_network, check_weights, normal_mode, record
from ..simulation import Plans, cast, dtype_of
from ..tensors_file import TensorsFile
from .network import SNN
from .save import KEY, made_up, outputs_of
from .saved_tensors import load_weights, read_fitted
from .saved_terms import check_sites, method_of, parsed

_SAME = {"fp32": 0.01, "bf16": 0.1, "fp16": 0.1}
"""Largest relative difference of outputs on a made-up input, between the machine that saved and the one that loads."""


@normal_mode
def load(path, network, forward=None, exit_judge=None, inputs=None, verify=True):
    """The SNN that ``snn.save(path)`` wrote, with the same bits; ``network`` has the architecture, and stays as it is.

    network: as it was given to ``convert``; its weights may be any, those of the file are taken. forward, exit_judge: as they
    were given to ``convert``, where they were. inputs: one input as at the conversion, for structures that the file cannot
    describe (then it says so). verify: compare outputs on a made-up input with those of the network that was saved.
    Raises InputError in one sentence: no such file, damaged, of another program or a later format, another architecture (with
    the first site or weight that differs), numbers that no conversion gives. Nothing in a file is executed.
    """
    file = TensorsFile(path)
    if KEY not in file.metadata:
        raise file.unusable(
            "no SNN of adafire is in it; it may be a checkpoint of another program, whose weights go into the network "
            "before convert()"
        )
    try:
        return _loaded(file, network, forward, exit_judge, inputs, verify)
    except AdafireError as error:
        if str(error).startswith(f"'{path}'"):
            raise
        raise file.unusable(str(error)) from error


def _loaded(file, network, forward, exit_judge, inputs, verify):
    terms = parsed(file.metadata[KEY])
    method = method_of(terms["method"])
    for name, given, kept in (("forward", forward, terms["forward"]), ("exit_judge", exit_judge, terms["exit_judge"])):
        if kept and given is None:
            raise InputError(
                f"it was converted with {name}=, a function, which no file holds; give the same {name}= again"
            )
    call = forward or call_network
    snapshot = Snapshot(network)
    if not snapshot.copied:
        raise InputError(
            f"its weights need a copy of the network to go into, and {snapshot.notes[0].partition(':')[0]}"
        )
    precision = terms["precision"]
    own = snapshot.network if precision == "fp32" else snapshot.network.to(dtype_of(precision))
    trace = _dry_run(own, terms, call, inputs)
    check_sites(terms["sites"], trace.sites)
    load_weights(file, own, terms["layouts"])
    check_weights(own)
    params, leave, overrides = read_fitted(file, terms, method, trace)
    if verify and terms["outputs"] is not None and inputs is None:
        _check_outputs(terms, own, made_up(terms["input"], own, precision), call)
    base = Plans(own, call, None, terms["relays"], True) if terms["reference"] else None
    plan = Plans(own, call, overrides, terms["relays"], terms["verified"], base)
    plan.know(trace.sites)
    snn = SNN(
        SimpleNamespace(
            network=own,
            method=method,
            timesteps=terms["timesteps"],
            forward=call,
            memory_gb=terms["memory_gb"],
            params=params,
            found=terms["found"],
            plan=plan,
            spared_s=0.0,
            exit=leave,
            exit_judge=exit_judge,
            notes=list(terms["notes"]),
            copied=True,
            template=terms["input"],
        )
    )
    snn.precision, snn.most_at_once, snn.shared = precision, terms["most_at_once"], "copy"
    return snn


def _check_outputs(terms, network, x, call):
    then, now, bound = terms["outputs"], outputs_of(network, x, call), _SAME[terms["precision"]]
    try:
        same = (
            now is not None
            and len(then) == len(now)
            and all(
                a[0] == b[0] and abs(a[1] - b[1]) <= bound * b[2] and abs(a[2] - b[2]) <= bound * b[2]
                for a, b in zip(then, now)
            )
        )
    except (TypeError, IndexError, OverflowError):
        raise InputError("the outputs in it are no numbers") from None
    if not same:
        raise InputError(
            "this is another network: with the file's weights it gives other outputs than the one that was saved, though its "
            "sites are the same (another pooling, another constant?); verify=False loads it all the same"
        )


def _dry_run(network, terms, call, inputs):
    if inputs is None and terms["input"] is None:
        raise InputError("it cannot describe the structure of its input; give inputs=, one input as at the conversion")
    x = made_up(terms["input"], network, terms["precision"]) if inputs is None else cast(inputs, terms["precision"])
    try:
        return record(network, x, call, terms["relays"])
    except AdafireError:
        raise
    except Exception as error:
        raise InputError(
            f"this is another network, or forward= another function: on the input of the conversion it fails with "
            f"{type(error).__name__}: {str(error)[:300]}"
        ) from error
