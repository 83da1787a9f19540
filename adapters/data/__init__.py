"""Data that the project carries or generates: Fashion-MNIST, and the scenes made of it."""
