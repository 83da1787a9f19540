"""The result at one T, and what is kept of the ANN beside it: parts of a record (record.py)."""

import json
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from ..text import hexadecimal, safe_name
from .schema import Closed, Finite, Positive


def _without_nan(mapping):
    """ValueError where a number is not finite: JSON has no NaN, and a reader in another language would stop at it."""
    json.dumps(mapping, allow_nan=False)  # the mapping at once: a record holds many thousands of values
    return mapping


NotNegative = Annotated[Finite, Field(ge=0)]
Json = Annotated[dict[str, JsonValue], AfterValidator(_without_nan)]
SafeName = Annotated[str, AfterValidator(safe_name)]
Hash = Annotated[str, AfterValidator(hexadecimal)]


class Reference(Closed):
    """The ANN on the same weights and samples."""

    key: Hash
    value: Finite
    low: Finite
    high: Finite
    metrics: dict[str, Finite]
    macs: NotNegative | None
    energy_pj: dict[SafeName, NotNegative]


class Fidelity(Closed):
    """How like the ANN's the outputs are; fidelity.py says what each figure is."""

    agreement: Annotated[Finite, Field(ge=0, le=1)] | None
    divergence: NotNegative | None
    output_error: NotNegative | None = None
    error: NotNegative | None = None
    """The same by the variance of each batch: of records from before ``output_error``."""


class Row(Closed):
    """The result at one T. Spikes, operations and energy are means per sample."""

    timesteps: Positive | None
    """None for the ANN, which knows no time."""
    metrics: dict[str, Finite]
    low: Finite
    high: Finite
    """95 % interval of the primary metric."""
    evidence: Json
    """What a reader needs to recompute the metric or to compare it in pairs; the adapter says which form."""
    firing_rate: NotNegative | None
    spikes: NotNegative | None
    synops: NotNegative | None
    """Synaptic operations; a burst of k spikes counts k."""
    synops_graded: NotNegative | None
    """The other convention: one event for a burst of any length."""
    mean_timesteps: NotNegative | None = None
    exits: dict[str, NotNegative] | None = None
    """Steps that a sample spent, and samples by the step they left at, where early exit let some leave before T."""
    macs: NotNegative | None
    energy_pj: dict[SafeName, NotNegative]
    """By the name of the energy model."""
    levels: Positive | None
    """How many values above 0 an activation can take: what the law can send in T steps; the largest over the sites."""
    longest_burst: Positive | None
    """Most spikes that a neuron may emit in one step, of either sign."""
    over_fired: NotNegative | None
    over_fired_sites: NotNegative | None
    """Share of neurons that emitted more than their input asked for, and share of sites with such a neuron."""
    messages: NotNegative | None = None
    """Neurons and steps with any spike."""
    message_bits: NotNegative | None = None
    sent_bits: NotNegative | None = None
    """Bits of one message (the largest of the sites), and of all messages."""
    neuron_updates: NotNegative | None = None
    sub_steps: NotNegative | None = None
    """Steps times the longest burst: steps of a chip whose neurons send one spike at a time."""
    active_steps: NotNegative | None = None
    """Steps in which anything may have been sent."""
    eff_macs: NotNegative | None = None
    """Those of ``macs`` whose operand is not 0."""
    weight_bytes: NotNegative | None = None
    footprint_bytes: NotNegative | None = None
    """None: counted before these were."""
    fidelity: Fidelity | None = None
    """How like the ANN's the outputs are; None where there is none to compare with, or a record is older."""
    ran: dict[SafeName, Annotated[int, Field(ge=1)]] | None = None
    """What simulated the neurons (SNN.ran): 'compiled', 'triton' or 'reference' -> sites, and poolings of spikes; None in older records."""
    parameters: Json
    """The method's parameters at this T."""
    convert_s: NotNegative
    """Wall time until the first test sample."""
    time_s: NotNegative
    """Wall time: conversion and simulation (of an anytime method one, shared by its rows) and this row's scoring."""
    peak_memory_mb: NotNegative | None = None
    """Most memory of the process (on a GPU: allocated there) during this row's simulation, network and data included."""
    sites: list[Json]
    layers: list[Json]
    """Per site of neurons, and per call with weights: what the library's report says of each."""
