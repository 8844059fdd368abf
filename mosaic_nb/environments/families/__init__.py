"""Families of environments: what we say of them beyond what Gymnasium knows, one data file each.

`family.Family` is the schema of the files; `family.families` loads them. A module beside a file draws what data
cannot: the observation in words, the agent's own point of view.
"""
