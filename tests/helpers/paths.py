"""Where things are, for tests in any folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder."""
SHARED = ROOT.parent / "shared" / "data"
"""Real weights and images that some machines have."""
