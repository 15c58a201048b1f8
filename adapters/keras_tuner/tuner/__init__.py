"""`crosstune.KerasTuner`: a Keras Tuner script on any engine.

`keras_tuner` has the class; `choose_oracle` picks its oracle: that of
`crosstune.adapters.keras_tuner`, one of Keras Tuner's own with a study (`native_oracle`), or one
for a spec (`spec_oracle`). `oracle_study` opens the study of each.
"""
