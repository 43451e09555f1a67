"""Rules for the names in a study's block of params.yaml: each is in the contract or the code, or said to be wrong.

A rule gives sentences ``key.of.the.block: what is wrong``, none for a sound block.
"""
