"""Arithmetic alone, in 45 nm (M. Horowitz, ISSCC 2014: 'Computing's energy problem', figure 1.1.9)."""

from ..energy import ENERGY_MODELS, EnergyModel

_SOURCE = "M. Horowitz, ISSCC 2014"
_NOTHING_ELSE = "memory, messages, membranes, control: the largest part on most machines"

for _model in (
    EnergyModel(
        "horowitz-45nm",
        4.6,
        0.9,
        f"{_SOURCE}: 32-bit float multiply 3.7 pJ and add 0.9 pJ",
        node="45 nm",
        precision="32-bit float",
        excluded=_NOTHING_ELSE,
    ),
    EnergyModel(
        "horowitz-45nm-int8",
        0.23,
        0.03,
        f"{_SOURCE}: 8-bit integer multiply 0.2 pJ and add 0.03 pJ",
        node="45 nm",
        precision="8-bit integer, accumulators too",
        excluded=f"{_NOTHING_ELSE}. A sum of 8-bit products needs more bits than 8: the model keeps its name and its constants, so that "
        "records written with it mean what they said; horowitz-45nm-int8-acc32 is the one to use",
    ),
    EnergyModel(
        "horowitz-45nm-int8-acc32",
        0.3,
        0.1,
        f"{_SOURCE}: 8-bit integer multiply 0.2 pJ, 32-bit integer add 0.1 pJ",
        node="45 nm",
        precision="8-bit integer weights and activations, 32-bit accumulators and membranes",
        excluded=_NOTHING_ELSE,
    ),
):
    ENERGY_MODELS.register(_model.name, _model)
