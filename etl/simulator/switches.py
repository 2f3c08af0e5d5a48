"""Every point that the vendor's documentation leaves open, as a switch; the first value is the documented or likeliest one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BulkFailureMode(StrEnum):
    """How a bulk operation tells of a row that it refuses."""

    INLINE_ERRORMESSAGE = "inline_errormessage"  # ActivityCreated false and ErrorMessage, as the bulk lead operations
    INLINE_EXCEPTIONMESSAGE = "inline_exceptionmessage"  # false, ExceptionType and ExceptionMessage
    INLINE_OMITTED = "inline_omitted"  # the row is missing from the answer
    INLINE_BARE = "inline_bare"  # false, no text and no id
    ALL_OR_NOTHING = "all_or_nothing"  # the call fails as a whole, nothing is stored
    ABORT_MIDWAY = "abort_midway"  # the call fails as a whole, the rows before the refused one are stored


class BulkOrder(StrEnum):
    """Order and numbering of the rows of a bulk answer."""

    KEPT = "kept"  # request order, RowNumber from 1
    SHUFFLED = "shuffled"  # any order, right RowNumber
    ZERO_BASED = "zero_based"  # request order, RowNumber from 0


class BulkSuccessShape(StrEnum):
    """Envelope of a bulk answer."""

    RESPONSE = "response"  # {"Response":[…]}
    COUNT = "count"  # {"Status":"Success","Message":{"Count":n}}, no row at all
    FEWER_ROWS = "fewer_rows"  # {"Response":[…]} without its last row, which is stored all the same


class ThrottleForm(StrEnum):
    """How an account that has used up its limit is told so."""

    JSON_429 = "429_json"  # 429 with ExceptionType
    TEXT_429 = "429_text"  # 429 with the bare sentence
    JSON_403 = "403_json"  # 403 with ExceptionType
    JSON_200 = "200_json"  # 200 with ExceptionType


class OverTwentyFive(StrEnum):
    """What becomes of a bulk request with more than 25 rows."""

    REFUSE = "refuse"  # 500 MXInvalidInputException, nothing stored
    TRUNCATE = "truncate"  # the first 25 are carried out, the others vanish without a word
    ACCEPT = "accept"  # all are carried out


class AuthIn(StrEnum):
    """Where keys are accepted."""

    BOTH = "both"
    HEADER = "header"
    QUERY = "query"


class BadOwner(StrEnum):
    """What becomes of a row whose ActivityOwnerEmail is no user's."""

    ROW_ERROR = "row_error"
    FALL_BACK = "fall_back"  # stored, silently owned by the user of the keys


@dataclass(frozen=True, slots=True)
class Switches:
    """One answer to each open point. retry_after: throttling answers carry that header."""

    bulk_failure_mode: BulkFailureMode = BulkFailureMode.INLINE_ERRORMESSAGE
    bulk_order: BulkOrder = BulkOrder.KEPT
    bulk_success_shape: BulkSuccessShape = BulkSuccessShape.RESPONSE
    throttle_form: ThrottleForm = ThrottleForm.JSON_429
    retry_after: bool = False
    over_25_rows: OverTwentyFive = OverTwentyFive.REFUSE
    auth_in: AuthIn = AuthIn.BOTH
    bad_owner: BadOwner = BadOwner.ROW_ERROR
    error_in_200: bool = False  # logical errors (status 500) come with status 200
