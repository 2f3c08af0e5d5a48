"""The second ledger, noticed by the results that it has left beside an input: they name a run that is not in this one.

A run's number says little by itself, since every ledger counts from 1. So ids of LeadSquared's that stand in the file are
compared with those of the run's rows, and only where the file has none does its name decide.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.errors import EtlError, UsageError
from etl.events import Note, RunOptions
from etl.mapping.lineage import lineage_of
from etl.reader import InputRules, open_input
from etl.reconciler.sent import same_text
from etl.records import Lineage
from etl.stages.forecast import known_scope
from etl.stages.writer import names_of_input, original_name, original_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from etl.events import Event
    from etl.ledger.store import Ledger
    from etl.records import Table
    from etl.settings import Account
    from etl.stages.prepare import PreparedInput
