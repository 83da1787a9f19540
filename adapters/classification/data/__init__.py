"""Where labelled pictures come from."""
