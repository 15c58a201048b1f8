"""Any number of processes on any number of machines, over one PostgreSQL database.

There is no driver. Each worker takes its turn at the study: under a lock of the database it asks
for a trial and suggests its parameters, with every trial that runs elsewhere in view. It evaluates
the trial outside of its turn, with a heartbeat, so that the others notice if it dies, and tells it.

    database.py     the storage, which outlasts a restart of the server
    ask_lock.py     the lock
    heartbeat.py    signs of life while a trial is evaluated
    lost_trials.py  trials whose worker was lost, and the trials that count
    join.py         the study: the one that is there, or a new one
    loop.py         one worker
"""
