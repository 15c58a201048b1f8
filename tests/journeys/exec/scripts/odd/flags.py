# Flags that look like crosstune's belong to the script.
import sys

print(sys.argv[1:])
assert sys.argv[1:] == ["--seed", "5", "--backend", "mine", "--help", "--", "-m", "x"], sys.argv
