"""The pages of a leaderboard as one text."""

from benchmarks.report import leaderboard


def render(records, unknown=()):
    """README.md and the pages of all families, one after the other."""
    return "\n".join(leaderboard.pages(records, unknown).values())


def sections(records, unknown=()):
    """The pages of all families alone: their tables, and not what README.md says of all of them."""
    return "\n".join(text for name, text in leaderboard.pages(records, unknown).items() if name != "README.md")
