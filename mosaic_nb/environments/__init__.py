"""Environments behind one shape: resolving an id, adapting an API, words and pictures of what an agent perceives.

Runs inside a worker. Needs numpy, msgspec and gymnasium alone; an environment's own package, Pillow, simplejpeg
and cloudpickle are imported where they are used. `spec.declare` is the part for the user's side.
"""
