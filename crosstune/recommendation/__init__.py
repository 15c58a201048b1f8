"""Which trial to take from a study whose objective has noise, and which to evaluate again.

recommend.py        `crosstune.recommend` and its result
repeats.py          queues the last trials of a budget at the leading points
leaders.py          the model of the complete trials, and the leaders by it
noise.py            a Gaussian process with noise against ones without, by likelihood
scale.py            the transformation of the values, and back
evaluated_space.py  the space behind the trials of any study
"""
