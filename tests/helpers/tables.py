"""Tables of results, read back."""

JSON_KEYS = {
    "task",
    "split",
    "family",
    "method",
    "timesteps",
    "metric",
    "value",
    "low",
    "high",
    "metrics",
    "ann",
    "samples",
    "firing_rate",
    "synops",
    "macs",
    "energy_pj",
    "energy_model",
    "time_s",
    "status",
    "reason",
}


def tables(text):
    """Every Markdown table of a text, as a list of lists of cells."""
    found, current = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            current.append([cell.strip() for cell in line.strip("|").split(" | ")])
        elif current:
            found.append(current)
            current = []
    return found
