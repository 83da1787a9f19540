"""The models as a page of Markdown, made from their entries."""

from ..energy import ENERGY_MODELS


def page():
    """The text of docs/energy_models.md."""
    models = [ENERGY_MODELS.get(name) for name in ENERGY_MODELS.names()]
    lines = [
        "# Energy models",
        "",
        "Generated from the entries in `adafire/cost/energy_models/` by `python tools/support_table.py`. What is counted is in "
        "[energy.md](energy.md); a model is a function of these counters, so that a record is priced again without running anything:",
        "",
        '    ENERGY_MODELS.get("lemaire-45nm").energy_pj(row, reading="message")     # row: a report\'s as_dict(), or a row of a record',
        "",
        "No figure is printed without the name of its model. They disagree by more than the methods do: say under which ones a claim "
        "holds.",
        "",
        "| model | MAC (pJ) | AC (pJ) | node | precision | priced |",
        "|---|---:|---:|---|---|---|",
        *(
            f"| [`{m.name}`](#{m.name}) | {_number(m.mac_pj)} | {_number(m.ac_pj)} | {m.node} | {m.precision} | {m.included} |"
            for m in models
        ),
        "",
        "**Two readings** where a message is several spikes (bursts, signed digits): `spike`, every unit addition reads its weight, and "
        "every spike is sent by itself; `message`, one message is sent and one weight read, which is then shifted and added once for each "
        "spike. Only a chip that can do the latter may be priced so: each model says what it must do. For unit spikes both are the same.",
        "",
        "`zero_skipping=True` leaves out the MACs whose operand is 0 (`eff_macs`). The network before conversion is priced by "
        "`report.ann_energy_pj(model)`. A network that multiplies every changed value once, where a stream adds its spikes, is "
        "`counters_of_delta(row)` of the stream's row: weights and potentials are read as for a message.",
        "",
        "Another model is one registration: `ENERGY_MODELS.register(name, EnergyModel(...))`.",
    ]
    for model in models:
        constants = {"MAC pJ": model.mac_pj, "AC pJ": model.ac_pj, **model.constants}
        lines += [
            "",
            f"## {model.name}",
            "",
            f"* **Source**: {model.source}. {model.node}, {model.precision}.",
            "* **Constants**: "
            + ", ".join(f"{_words(key)} {_number(value)}" for key, value in constants.items())
            + ".",
            f"* **Sum**: {model.formula}.",
            f"* **In**: {model.included}. **Not in**: {model.excluded}.",
            f"* **Reading `message`** asks the chip to {model.one_read}."
            if not model.one_read.startswith("nothing")
            else f"* **Reading `message`** asks for {model.one_read}.",
        ]
    return "\n".join(lines) + "\n"


def _words(key):
    return key.replace("_", " ").replace(" pj", " pJ").replace("kib", "KiB").replace("mib", "MiB")


def _number(value):
    return "none" if value is None else f"{value:.6g}"
