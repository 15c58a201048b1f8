from .tune import study

assert len(study.trials) == 3
