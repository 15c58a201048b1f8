"""Several trials at a time: in processes, on any executor, or on a Dask cluster.

The driver, one process, owns the sampler, its random state and the native objects. It asks for
a trial, suggests all of its parameters, and hands a `TrialTask` to a pool. The
evaluation reads every value from the study, reports to it through a `Gate`, and returns a
`TaskOutcome`. The driver alone tells the study how the trial ended.

    driver --TrialTask--> pool --> evaluate(task), over the gate --> TaskOutcome --> driver tells

`crosstune worker` works without a driver: see `crosstune.worker`.
"""
