"""`python -m etl`, where the script `etl` is not on the path."""

import sys

from etl.cli.main import main

sys.exit(main())
