"""Speed runs: times, as ratios measured side by side. Accuracy runs are elsewhere; the two are never mixed."""
