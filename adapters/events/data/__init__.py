"""Recordings in files, published event sets, and a model of an event camera for generated ones."""
