"""`crosstune.KerasTuner`: a Keras Tuner script on any engine.

`keras_tuner` is the class; `choose_oracle` picks its oracle, which is that of
`crosstune.adapters.keras_tuner`, one of Keras Tuner's own that keeps a study (`native_oracle`), or
one that a spec declares (`spec_oracle`). `oracle_study` opens the study behind each.
"""
