"""Image classification: pictures with a class each, from folders, archives and the usual layouts; accuracy."""
