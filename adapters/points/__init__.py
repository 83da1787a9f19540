"""Point clouds: PointNet for classes and for parts of objects; accuracy, and IoU of parts."""
