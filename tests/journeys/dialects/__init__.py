"""The user's code of each dialect: one model, digits by stochastic gradient descent.

In each a parameter depends on another, some trials raise, and some are worth pruning.
"""
