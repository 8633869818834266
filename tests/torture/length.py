"""How long the tests of faults take: short in the suite, long in `make torture` (TORTURE=1)."""

import os

IS_LONG = os.environ.get("TORTURE") == "1"
