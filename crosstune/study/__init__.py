"""The parts of a study: its engine, storage, lock, start points and trials."""
