"""The documented path of Keras Tuner on a Keras backend that is installed."""

from crosstune.adapters.keras_tuner.library import keras_tuner

__all__ = ["keras_tuner"]
