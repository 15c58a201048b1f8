import sys

sys.exit("usage: give me a data set")
