"""Any number of processes on any number of machines, over one PostgreSQL database.

There is no driver. Each worker takes its turn at the study: under a lock of the database it asks
for a trial and suggests its parameters, knowing every trial that runs elsewhere. It evaluates it
outside of its turn, with a heartbeat, so that the others notice if it dies, and tells it.

    database.py   the storage, which outlasts a restart of the server
    turn.py       the lock
    heartbeat.py  signs of life while a trial is evaluated
    sweep.py      trials whose worker was lost, and which trials count
    loop.py       one worker
"""
