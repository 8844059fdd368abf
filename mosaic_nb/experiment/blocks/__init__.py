"""Blocks: whole episodes inside one worker, the environment and every operator of a lane in one interpreter.

They leave the rows that the step path leaves, to the bit, but for times.
"""
