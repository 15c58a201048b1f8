"""Several trials at a time: in processes, on any executor, or on a Dask cluster.

The driver, one process, owns the sampler, its random state and the native objects. It asks for
a trial, suggests all of its parameters, and hands a `Task` to a pool. What evaluates the task
finds every value stored, reports to the driver's study through a `Gate`, and returns an `Outcome`.
The driver alone tells the study how the trial ended.

    driver --Task--> pool --> evaluate(task): Trial over the gate --> Outcome --> driver tells

`crosstune worker` is the other way, without a driver: see `crosstune.worker`.
"""
