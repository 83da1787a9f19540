"""The spiking network as a torch module: called (network.py), moved and copied (module.py), printed (summary.py).

save.py and load.py write and read it as one safetensors file; fitted.py names its tensors, saved_tensors.py and saved_terms.py
turn them and everything else into a file's and back.
"""
