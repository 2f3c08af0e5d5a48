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


class PageOverCap(StrEnum):
    """What becomes of a page of more than 1,000 activities."""

    ERROR = "error"  # 500 MXInvalidInputException
    CLAMP = "clamp"  # silently 1,000


class RetrieveOffset(StrEnum):
    """What `Offset` means when a lead's activities are read."""

    PAGE_FROM_0 = "page_from_0"
    PAGE_FROM_1 = "page_from_1"
    ROW = "row"


class RetrieveWithoutPaging(StrEnum):
    """How many of a lead's activities come without `Paging`."""

    TWENTY_FIVE = "25"
    ALL = "all"


class EmptyListKey(StrEnum):
    """What stands for no activity when a type's activities are read."""

    MISSING = "missing"  # no `List` at all
    EMPTY = "empty"  # []


class PhoneMatch(StrEnum):
    """When a phone number is a lead's."""

    STORED_FORM = "stored_form"  # in the very spelling by which the lead is known
    DIGITS = "digits"  # with the same digits; ten of them are a number of the account's country


class ValuesOnReading(StrEnum):
    """How custom values and notes look when they are read; what is stored stays as it was sent."""

    AS_SENT = "as_sent"
    TRIMMED = "trimmed"  # without blanks around
    CUT = "cut"  # the first `values_cut_to` characters
    REFORMATTED = "reformatted"  # 5 as 5.00, date-times as M/D/YYYY h:mm:ss AM, text in NFC with single blanks


class CreatedOnShows(StrEnum):
    """What an activity's CreatedOn is."""

    ACTIVITY_TIME = "activity_time"  # ActivityDateTime where one was sent
    WRITE_TIME = "write_time"


class OpportunityShows(StrEnum):
    """What reads return as RelatedProspectId of an opportunity's activity."""

    OPPORTUNITY_ID = "opportunity_id"
    LEAD_ID = "lead_id"
    EMPTY = "empty"


class UpdateAnswers(StrEnum):
    """How many rows answer a bulk update that names one activity several times."""

    EVERY_ROW = "every_row"  # one for each element
    MERGED = "merged"  # one for each activity, with the number of its first element; the last value stays


class EmptyValue(StrEnum):
    """What an empty value does in an update of an activity or of a lead."""

    CLEARS = "clears"
    IGNORED = "ignored"  # the field keeps its value, without a word


class MessageId(StrEnum):
    """Whose id `Message.Id` is when a lead and an activity are created in one request."""

    ACTIVITY = "activity"
    LEAD = "lead"


class DropdownCase(StrEnum):
    """When a value is one of a dropdown's options."""

    EXACT = "exact"
    CASE_INSENSITIVE = "case_insensitive"


class MandatoryFields(StrEnum):
    """What becomes of a new activity without a field that its type calls mandatory."""

    REFUSED = "refused"
    STORED = "stored"


class RateWindow(StrEnum):
    """How requests are counted."""

    SLIDING = "sliding"  # within the seconds before each request
    FIXED = "fixed"  # within spans that follow upon each other, each starting anew


class Read(StrEnum):
    """Reads that an account may not offer to the user of the keys."""

    BY_EVENT = "by_event"
    BY_LEAD = "by_lead"
    LEADS = "leads"
    LEADS_BY_IDS = "leads_by_ids"
    ACTIVITY_DETAILS = "activity_details"
    ACTIVITY_TYPES = "activity_types"
    ACTIVITY_SETTING = "activity_setting"
    DROPDOWN_OPTIONS = "dropdown_options"
    LEAD_FIELDS = "lead_fields"
    USERS = "users"


class ForbiddenForm(StrEnum):
    """How a forbidden read is told so."""

    JSON_403 = "403_json"
    NOT_FOUND = "404"  # as if there were no such operation


class LeadShape(StrEnum):
    """How a lead looks that was asked for by its id."""

    FLAT = "flat"
    PROPERTY_LIST = "property_list"  # {"LeadPropertyList":[{"Attribute":…,"Value":…}]}


@dataclass(frozen=True, slots=True)
class Switches:
    """One answer to each open point.

    retry_after: throttling answers carry that header. by_event_delay_seconds, by_lead_delay_seconds: how long after its
    writing an activity begins to show in either read. unstable_ties: rows that are equal in what they are sorted by come
    in another order each time. subsecond: times have milliseconds, which reads hide and windows obey. fields_lost: names
    of fields that are silently not stored. row_key_fields: what the fault `twin` leaves out. delete_delay_seconds: how
    long after it was asked for a deletion is carried out.
    """

    bulk_failure_mode: BulkFailureMode = BulkFailureMode.INLINE_ERRORMESSAGE
    bulk_order: BulkOrder = BulkOrder.KEPT
    bulk_success_shape: BulkSuccessShape = BulkSuccessShape.RESPONSE
    throttle_form: ThrottleForm = ThrottleForm.JSON_429
    retry_after: bool = False
    over_25_rows: OverTwentyFive = OverTwentyFive.REFUSE
    auth_in: AuthIn = AuthIn.BOTH
    bad_owner: BadOwner = BadOwner.ROW_ERROR
    error_in_200: bool = False  # logical errors (status 500) come with status 200
    by_event_delay_seconds: float = 0.0
    by_lead_delay_seconds: float = 0.0
    unstable_ties: bool = True
    subsecond: bool = True
    page_over_cap: PageOverCap = PageOverCap.ERROR
    retrieve_offset: RetrieveOffset = RetrieveOffset.PAGE_FROM_0
    retrieve_without_paging: RetrieveWithoutPaging = RetrieveWithoutPaging.TWENTY_FIVE
    empty_list_key: EmptyListKey = EmptyListKey.MISSING
    phone_match: PhoneMatch = PhoneMatch.STORED_FORM
    lead_shape: LeadShape = LeadShape.FLAT
    values_on_reading: ValuesOnReading = ValuesOnReading.AS_SENT
    values_cut_to: int = 50
    created_on_shows: CreatedOnShows = CreatedOnShows.ACTIVITY_TIME
    reads_forbidden: frozenset[Read] = frozenset()
    forbidden_form: ForbiddenForm = ForbiddenForm.JSON_403
    fields_lost: frozenset[str] = frozenset()
    row_key_fields: frozenset[str] = frozenset()
    opportunity_shows: OpportunityShows = OpportunityShows.OPPORTUNITY_ID
    update_answers: UpdateAnswers = UpdateAnswers.EVERY_ROW
    empty_value: EmptyValue = EmptyValue.CLEARS
    message_id: MessageId = MessageId.ACTIVITY
    dropdown_case: DropdownCase = DropdownCase.EXACT
    mandatory_fields: MandatoryFields = MandatoryFields.REFUSED
    rate_window: RateWindow = RateWindow.SLIDING
    delete_delay_seconds: float = 0.0
