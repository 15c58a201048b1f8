"""What a study is: its engine, storage, lock, start points and trials."""
