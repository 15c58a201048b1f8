"""Nothing is tuned here."""

import math

print(math.pi)
