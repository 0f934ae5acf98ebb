"""The demo person and the exports of that person's devices.

Standard library only, so that no version of a package decides a byte.
"""
