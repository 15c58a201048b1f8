"""The former paths of what reads and writes native spaces; `Adapter.read` is the public way."""
