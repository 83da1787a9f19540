"""From a framework to (network, data, read-out, metric): one file an adapter, all of the one shape in ``base``."""
