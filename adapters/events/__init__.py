"""Event cameras: recordings, how events become the inputs of a network, accuracy."""
