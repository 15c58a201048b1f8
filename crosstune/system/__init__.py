"""Files, processes, interrupts and optional libraries."""
