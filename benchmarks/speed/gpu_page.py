"""What is to be measured on a GPU, as the empty table that it is until one is at hand."""

NETWORKS = ("resnet18-224", "resnet50-224", "retinanet-r50-fpn")
COLUMNS = ("fp32", "tf32", "bf16", "ANN, fp32", "SpikingJelly with CuPy", "SpikingJelly with Triton")


def table():
    """Markdown lines: milliseconds of a batch of 64 at T = 8; nothing is in them."""
    rows = [
        "## On a GPU",
        "",
        "Not measured: no GPU was at hand. Milliseconds of a batch of 64 at T = 8 belong here:",
        "",
        "| network | " + " | ".join(COLUMNS) + " |",
        "|---|" + "---:|" * len(COLUMNS),
    ]
    return [*rows, *(f"| {name} |" + "  |" * len(COLUMNS) for name in NETWORKS), ""]
