NAME = "package_run"
