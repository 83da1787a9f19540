"""Networks on streams, against their rivals: what an input costs as things move.

named.py says what a stream's name means, session.py goes from options to rows. films.py has frames (generated videos, a folder, a video
file), families.py what differs between boxes and masks, measuring.py runs a stream and all its rivals over them; recordings.py does so
for sliding windows of an event camera. pricing.py has the rivals and prices, crossing.py where the stream is the cheaper, showing.py
tables and plots, animation.py pictures that move, timing.py milliseconds.
"""
