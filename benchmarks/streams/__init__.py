"""Networks on streams of pictures, against their rivals: what a frame costs as things move.

measuring.py runs a stream and all its rivals over the same frames and prices them, showing.py makes the table, the plot and the
animation. Videos are generated (adapters/detection/data/moving_scenes.py), or a folder of a user's own pictures.
"""
