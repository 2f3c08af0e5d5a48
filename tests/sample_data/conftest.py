"""The scripts of `sample_data/` are no package; this is where the tests find them."""

import sys
from pathlib import Path

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"

sys.path.insert(0, str(SAMPLE_DATA))
