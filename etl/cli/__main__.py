"""`python -m etl.cli` is `etl`."""

from __future__ import annotations

import sys

from etl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
