"""`crosstune.KerasTuner`: a Keras Tuner script on any engine.

`tuner` is the class; `choice` picks its oracle, which is that of `crosstune.adapters.keras_tuner`,
one of Keras Tuner's own that keeps a study (`native`), or one that a spec declares (`spec`).
`study` opens the study behind each.
"""
