"""What the networks of the zoo were trained with, by MMEngine, and what a training leaves behind."""
