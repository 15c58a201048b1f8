"""The machine below: files, processes, interrupts and optional libraries."""
