"""The verdict: what one answer means, as a decision table, and that nothing makes it crash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.delivery.verdict import (
    Answered,
    AnswerItem,
    NotSent,
    Refused,
    Stop,
    Throttled,
    Unknown,
    Verdict,
    complaint,
    judge,
)
from etl.operations import OPERATIONS
from etl.records import ApiAnswer, Exchange, Limit, LineEnd, TransportFailure

OPERATION = OPERATIONS["add-by-lead-field"]
ID = "11111111-1111-4111-8111-111111111111"
OTHER_ID = "22222222-2222-4222-8222-222222222222"
RATE = "API calls exceeded the limit of 20 in 5 second(s)"
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
HTML = b"<html><head><title>502 Bad\n Gateway</title></head><body><h1>nginx</h1></body></html>"


def an_answer(body: object = b"", status: int = 200, **headers: str) -> ApiAnswer:
    """An answer; bytes are the body as it is, anything else is written as JSON. retry_after stands for retry-after."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ApiAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def mx(kind: str, message: str = "It did not work.") -> dict[str, str]:
    return {"Status": "Error", "ExceptionType": kind, "ExceptionMessage": message}


def a_row(number: object = 1, created: object = True, activity_id: object = ID, **more: object) -> dict[str, object]:
    return {"ProspectActivityId": activity_id, "RowNumber": number, "ActivityCreated": created, **more}


ANSWERED = [
    pytest.param({"Response": [a_row()]}, 200, AnswerItem(1, True, ID, None), id="stored"),
    pytest.param({"Response": [a_row()]}, 500, AnswerItem(1, True, ID, None), id="rows before the status"),
    pytest.param([a_row()], 200, AnswerItem(1, True, ID, None), id="bare array"),
    pytest.param({"Response": [a_row("1")]}, 200, AnswerItem(1, True, ID, None), id="number in a text"),
    pytest.param({"Response": [a_row(True)]}, 200, AnswerItem(None, True, ID, None), id="number is a boolean"),
    pytest.param({"Response": [a_row(1.5)]}, 200, AnswerItem(None, True, ID, None), id="number is a fraction"),
    pytest.param({"Response": [a_row(created="true")]}, 200, AnswerItem(1, None, ID, None), id="flag as text"),
    pytest.param({"Response": [a_row(created=1)]}, 200, AnswerItem(1, None, ID, None), id="flag as number"),
    pytest.param({"Response": [a_row(activity_id="")]}, 200, AnswerItem(1, True, None, None), id="empty id"),
    pytest.param({"Response": [a_row(activity_id=" ")]}, 200, AnswerItem(1, True, None, None), id="blank id"),
    pytest.param({"Response": [a_row(activity_id=7)]}, 200, AnswerItem(1, True, None, None), id="id is a number"),
    pytest.param(
        {"Response": [a_row(activity_id="00000000-0000-0000-0000-000000000000")]},
        200,
        AnswerItem(1, True, None, None),
        id="id of nothing",
    ),
    pytest.param(
        {"Response": [a_row(created=False, activity_id=None, ErrorMessage="Lead not found", Message="no")]},
        200,
        AnswerItem(1, False, None, "Lead not found"),
        id="refused with ErrorMessage",
    ),
    pytest.param(
        {"Response": [a_row(created=False, activity_id=None, ExceptionMessage="Bad\tdate\n", ExceptionType="MXx")]},
        200,
        AnswerItem(1, False, None, "Bad date"),
        id="refused with ExceptionMessage",
    ),
    pytest.param(
        {"Response": [a_row(created=False, activity_id=None, ExceptionType="MXInvalidLeadException")]},
        200,
        AnswerItem(1, False, None, "MXInvalidLeadException"),
        id="refused with a type only",
    ),
    pytest.param(
        {"Response": [{"RowNumber": 1, "ActivityCreated": False}]},
        200,
        AnswerItem(1, False, None, None),
        id="refused bare",
    ),
    pytest.param(
        {"Response": [a_row(created=False, activity_id=None, ErrorMessage=RATE)]},
        200,
        AnswerItem(1, False, None, RATE),
        id="one throttled row does not make a throttled request",
    ),
]


@pytest.mark.parametrize(("body", "status", "expected"), ANSWERED)
def test_rows_are_read_as_they_stand(body: object, status: int, expected: AnswerItem) -> None:
    """A row's flag counts only as true or false, its id only as a text that names something."""
    assert judge(an_answer(body, status), OPERATION, rows=1) == Answered((expected,))


def test_rows_keep_their_order_and_count() -> None:
    """Every element of the answer becomes an item, odd ones included, in the order of the answer."""
    body = {"Response": [a_row(2, activity_id=OTHER_ID), None, 5, a_row(1)]}

    nothing = AnswerItem(None, None, None, None)
    expected = Answered((AnswerItem(2, True, OTHER_ID, None), nothing, nothing, AnswerItem(1, True, ID, None)))
    assert judge(an_answer(body), OPERATION, rows=2) == expected


UPDATED_ROW = {"RowNumber": 1, "ActivityUpdated": True}
UPDATES = [
    pytest.param([UPDATED_ROW], [AnswerItem(1, True, None, None)], id="updated"),
    pytest.param([{**UPDATED_ROW, "ActivityUpdated": "true"}], [AnswerItem(1, None, None, None)], id="flag as text"),
    pytest.param(
        [{**UPDATED_ROW, "ProspectActivityId": ID, "": ID}], [AnswerItem(1, True, None, None)], id="an id beside"
    ),
    pytest.param(
        [{"RowNumber": 1, "ActivityUpdated": False, "ErrorMessage": "Locked"}],
        [AnswerItem(1, False, None, "Locked")],
        id="refused",
    ),
    pytest.param([{"RowNumber": 1, "ActivityCreated": True}], [AnswerItem(1, None, None, None)], id="another flag"),
]


@pytest.mark.parametrize(("rows", "expected"), UPDATES)
def test_rows_of_an_update_have_a_flag_of_their_own_and_no_id(rows: object, expected: list[AnswerItem]) -> None:
    """`ActivityUpdated` alone says that an update was carried out; which activity it was the request says."""
    assert judge(an_answer({"Response": rows}), OPERATIONS["update"], rows=1) == Answered(tuple(expected))


MESSAGE = OPERATIONS["create-lead-and-activity"]
SAID = AnswerItem(None, True, None, None, message_id=ID)
MESSAGES: list[tuple[str, Exchange, Verdict]] = [
    ("success with an id", an_answer({"Status": "Success", "Message": {"Id": ID}}), Answered((SAID,))),
    ("other case", an_answer({"Status": " success", "Message": {"Id": f" {ID} "}}, 201), Answered((SAID,))),
    ("without an id", an_answer({"Status": "Success", "Message": {"AffectedRows": 1}}), Unknown("", late=False)),
    ("empty id", an_answer({"Status": "Success", "Message": {"Id": ""}}), Unknown("", late=False)),
    (
        "no id at all",
        an_answer({"Status": "Success", "Message": {"Id": f"{0:08}-0000-0000-0000-{0:012}"}}),
        Unknown("", False),
    ),
    ("message is a text", an_answer({"Status": "Success", "Message": ID}), Unknown("", late=False)),
    ("no status", an_answer({"Message": {"Id": ID}}), Unknown("", late=False)),
    ("failed with an id", an_answer({"Status": "Failed", "Message": {"Id": ID}}), Refused("", None, is_mx=False)),
    (
        "exception beside an id",
        an_answer(mx("MXUnknownAttributeException") | {"Message": {"Id": ID}}),
        Refused("", "MXUnknownAttributeException"),
    ),
    ("a fault with an id", an_answer({"Status": "Success", "Message": {"Id": ID}}, 502), Unknown("", late=True)),
    ("bulk rows", an_answer({"Response": [a_row()]}), Unknown("", late=False)),
    ("too fast", an_answer(mx("MXAPIRateLimitExceededException", RATE)), Throttled(None, Limit(20, 5))),
]


@pytest.mark.parametrize(("exchange", "expected"), [pytest.param(*rest, id=name) for name, *rest in MESSAGES])
def test_an_answer_about_one_row_tells_of_it_only_when_nothing_contradicts(
    exchange: Exchange, expected: Verdict
) -> None:
    """`Status` Success and a `Message.Id` together say that the row is stored; what the id is of stays open."""
    told = judge(exchange, MESSAGE, rows=1)

    assert type(told) is type(expected)
    if isinstance(told, Answered):
        assert told == expected
    assert getattr(told, "exception_type", None) == getattr(expected, "exception_type", None)
    assert getattr(told, "late", None) == getattr(expected, "late", None)


WITHOUT_ROWS: list[tuple[str, Exchange, Verdict]] = [
    # throttled: in any status, by type, by 429 or by the sentence
    ("429 with type", an_answer(mx("MXAPIRateLimitExceededException", RATE), 429), Throttled(None, Limit(20, 5))),
    ("200 with type", an_answer(mx("MXAPIRateLimitExceededException", RATE)), Throttled(None, Limit(20, 5))),
    ("403 with type", an_answer(mx("MXAPIRateLimitExceededException", RATE), 403), Throttled(None, Limit(20, 5))),
    ("500 with type", an_answer(mx("MXAPIRateLimitExceededException", "later"), 500), Throttled(None, None)),
    ("429 bare", an_answer(b"", 429), Throttled(None, None)),
    ("429 page", an_answer(b"<html>Too many</html>", 429), Throttled(None, None)),
    ("429 text", an_answer(RATE.encode(), 429), Throttled(None, Limit(20, 5))),
    ("403 text", an_answer(RATE.encode(), 403), Throttled(None, Limit(20, 5))),
    ("200 text", an_answer(RATE.encode()), Throttled(None, Limit(20, 5))),
    ("200 JSON text", an_answer(RATE), Throttled(None, Limit(20, 5))),
    ("page", an_answer(f"<title>No</title><p>{RATE}".encode(), 403), Throttled(None, Limit(20, 5))),
    ("other case", an_answer(mx("MXOther", RATE.upper())), Throttled(None, Limit(20, 5))),
    ("Message.Message", an_answer({"Status": "Error", "Message": {"Message": RATE}}), Throttled(None, Limit(20, 5))),
    ("no limit at all", an_answer(RATE.replace("20", "0").encode(), 429), Throttled(None, None)),
    ("wait in seconds", an_answer(b"", 429, retry_after="7"), Throttled(7.0, None)),
    ("wait in fractions", an_answer(b"", 429, retry_after=" 1.5 "), Throttled(1.5, None)),
    ("wait until", an_answer(b"", 429, retry_after=DATE, date=DATE.replace(":28:", ":26:")), Throttled(120.0, None)),
    ("wait until a past", an_answer(b"", 429, retry_after=DATE, date=DATE.replace(":28:", ":29:")), Throttled(0, None)),
    ("wait until, no date", an_answer(b"", 429, retry_after=DATE), Throttled(None, None)),
    ("wait until, no zone", an_answer(b"", 429, retry_after=DATE[:-3] + "-0000", date=DATE), Throttled(None, None)),
    ("wait negative", an_answer(b"", 429, retry_after="-3"), Throttled(None, None)),
    ("wait for ever", an_answer(b"", 429, retry_after="inf"), Throttled(None, None)),
    ("wait without sense", an_answer(b"", 429, retry_after="soon", date=DATE), Throttled(None, None)),
    # refused as a whole: nothing is proven about the rows
    (
        "500 MX",
        an_answer(mx("MXInvalidActivityFieldsException", "Field name : 'mx_Custom_19' is mandatory."), 500),
        Refused(
            "“Field name : 'mx_Custom_19' is mandatory.” (HTTP 500, MXInvalidActivityFieldsException)",
            "MXInvalidActivityFieldsException",
        ),
    ),
    (
        "200 MX",
        an_answer(mx("MXInvalidInputException")),
        Refused("“It did not work.” (HTTP 200, MXInvalidInputException)", "MXInvalidInputException"),
    ),
    (
        "404 MX",
        an_answer(mx("MXInvalidLeadException"), 404),
        Refused("“It did not work.” (HTTP 404, MXInvalidLeadException)", "MXInvalidLeadException"),
    ),
    ("502 MX", an_answer(mx("MXy"), 502), Refused("“It did not work.” (HTTP 502, MXy)", "MXy")),
    ("403 MX", an_answer(mx("MXx"), 403), Refused("“It did not work.” (HTTP 403, MXx)", "MXx")),
    ("only a type", an_answer({"ExceptionType": "MXz"}), Refused("“MXz” (HTTP 200)", "MXz")),
    ("IsMXException", an_answer({"IsMXException": True}, 500), Refused("HTTP 500 without a reason", None)),
    (
        "200 Failed",
        an_answer({"Status": "Failed", "Message": {"Message": "not today"}}),
        Refused("“not today” (HTTP 200)", None, is_mx=False),
    ),
    ("200 error, other case", an_answer({"Status": "ERROR"}), Refused("HTTP 200 without a reason", None, is_mx=False)),
    (
        "200 other type",
        an_answer(mx("ArgumentNullException")),
        Refused("“It did not work.” (HTTP 200, ArgumentNullException)", "ArgumentNullException", is_mx=False),
    ),
    (
        "400 text",
        an_answer(b"Unexpected character", 400),
        Refused("“Unexpected character” (HTTP 400)", None, is_mx=False),
    ),
    ("400 bare", an_answer(b"", 400), Refused("HTTP 400 without a reason", None, is_mx=False)),
    # unknown: may be stored
    ("403 bare", an_answer(b"", 403), Unknown("HTTP 403 without a reason", late=False)),
    ("403 page", an_answer(b"<b>Forbidden</b>", 403), Unknown("“Forbidden” (HTTP 403)", late=False)),
    ("500 bare", an_answer(b"", 500), Unknown("HTTP 500 without a reason", late=False)),
    (
        "500 other type",
        an_answer(mx("ArgumentNullException"), 500),
        Unknown("“It did not work.” (HTTP 500, ArgumentNullException)", late=False),
    ),
    ("502 page", an_answer(HTML, 502), Unknown("“502 Bad Gateway” (HTTP 502)", late=True)),
    ("503 error", an_answer({"Status": "Error"}, 503), Unknown("HTTP 503 without a reason", late=True)),
    ("504 bare", an_answer(b"", 504), Unknown("HTTP 504 without a reason", late=True)),
    ("524 of a CDN", an_answer(b"", 524), Unknown("HTTP 524 without a reason", late=True)),
    ("408", an_answer(b"", 408), Unknown("HTTP 408 without a reason", late=True)),
    ("413", an_answer(b"", 413), Unknown("HTTP 413 without a reason", late=False)),
    ("lost", TransportFailure(LineEnd.LOST, "gone"), Unknown("gone", late=False)),
    ("timed out", TransportFailure(LineEnd.TIMED_OUT, "slow"), Unknown("slow", late=True)),
    # sent never
    ("not sent", TransportFailure(LineEnd.NOT_SENT, "no address"), NotSent("no address")),
]


@pytest.mark.parametrize(
    ("exchange", "expected"), [pytest.param(exchange, expected, id=name) for name, exchange, expected in WITHOUT_ROWS]
)
def test_answer_about_the_request_as_a_whole(exchange: Exchange, expected: Verdict) -> None:
    """An answer that names no rows is read by its body first and by its status after that."""
    assert judge(exchange, OPERATION, rows=25) == expected


SILENT = [
    pytest.param({}, "an answer", id="empty object"),
    pytest.param({"Status": "Success", "Message": {"Count": 25}}, "an answer", id="a count without ids"),
    pytest.param({"Status": "Success", "Message": {"Id": ID}}, "an answer", id="one id for all"),
    pytest.param({"Response": []}, "an answer", id="no rows"),
    pytest.param({"Response": a_row()}, "an answer", id="a row in place of rows"),
    pytest.param({"Response": [None, 1, "x", [], {}]}, "an answer", id="rows that are none"),
    pytest.param({"Response": [{"LeadId": ID}]}, "an answer", id="rows of another operation"),
    pytest.param(None, "an answer", id="null"),
    pytest.param(7, "an answer", id="a number"),
    pytest.param(b"", "an answer", id="nothing"),
    pytest.param(b"\xff\xfe\x00", "“\ufffd\ufffd”", id="no text"),
    pytest.param(HTML, "“502 Bad Gateway”", id="page"),
    pytest.param(b'{"Response":[{"RowNum', '“{"Response":[{"RowNum”', id="cut short"),
    pytest.param(b"[" * 100_000, f"“{'[' * 120}”", id="nested without end"),
    pytest.param(b'{"Status":' + b"9" * 5000 + b"}", '“{"Status":' + "9" * 110 + "”", id="a number without end"),
]


@pytest.mark.parametrize(("body", "said"), SILENT)
def test_success_that_names_no_rows_proves_nothing(body: object, said: str) -> None:
    """HTTP 200 alone does not make a row created: what became of the rows is unknown."""
    expected = Unknown(f"LeadSquared sent {said} (HTTP 200) that names none of the 25 rows sent", late=False)

    assert judge(an_answer(body), OPERATION, rows=25) == expected


def test_throttled_row_in_a_cut_answer_does_not_free_the_others() -> None:
    """The sentence of the limit inside an answer that was cut short may be about one row; the rest may be stored."""
    whole = json.dumps({"Response": [a_row(), a_row(2, created=False, ErrorMessage=RATE), a_row(3)]}).encode()

    assert isinstance(judge(an_answer(whole[:-1]), OPERATION, rows=3), Unknown)


def test_flag_that_stands_twice_is_not_believed() -> None:
    """A name that stands twice in one row makes the answer ambiguous, so it proves nothing."""
    body = b'{"Response":[{"RowNumber":1,"ActivityCreated":false,"ActivityCreated":true,"ProspectActivityId":"x"}]}'

    assert isinstance(judge(an_answer(body), OPERATION, rows=1), Unknown)


STOPS = [
    pytest.param(
        an_answer(mx("MXInvalidAccessDetailsException", "Invalid Access Details provided."), 401),
        "LeadSquared refused the account: “Invalid Access Details provided.” "
        "(HTTP 401, MXInvalidAccessDetailsException)",
        "Check the key pair",
        True,
        id="keys",
    ),
    pytest.param(
        an_answer(mx("MXUnAuthorizedAccessException")),
        "LeadSquared refused the account: “It did not work.” (HTTP 200, MXUnAuthorizedAccessException)",
        "Check the key pair",
        True,
        id="keys in 200",
    ),
    pytest.param(
        an_answer(b"Use API-in21.leadsquared.com for this account.", 401),
        "LeadSquared refused the account: “Use API-in21.leadsquared.com for this account.” (HTTP 401)",
        "Set LSQ_HOST to api-in21.leadsquared.com: this account lives there.",
        True,
        id="wrong region",
    ),
    pytest.param(
        an_answer(b"", 401),
        "LeadSquared refused the account: HTTP 401 without a reason",
        "Check the key pair",
        True,
        id="401 bare",
    ),
    pytest.param(
        an_answer(mx("MXInvalidActivityException", "Event Code is invalid or empty"), 500),
        "LeadSquared refused the activity type: “Event Code is invalid or empty” (HTTP 500, MXInvalidActivityException)",
        "Check activity.event in the mapping",
        False,
        id="activity type",
    ),
    pytest.param(
        an_answer(HTML.replace(b"502 Bad\n Gateway", b"Not Found"), 404),
        "The host does not offer this operation: “Not Found” (HTTP 404)",
        "Check that LSQ_HOST is the API host",
        True,
        id="404",
    ),
    pytest.param(
        an_answer(b"", 405),
        "The host does not offer this operation: HTTP 405 without a reason",
        "Check that LSQ_HOST is the API host",
        True,
        id="405",
    ),
    pytest.param(
        an_answer(b"", 302, location="https://login.example.com/?key=1"),
        "The host sent the request on to login.example.com (HTTP 302); redirects are not followed",
        "Set LSQ_HOST to the API host itself",
        False,
        id="redirect",
    ),
    pytest.param(
        an_answer(b"", 308, location="/v3"),
        "The host sent the request on to another address of its own (HTTP 308); redirects are not followed",
        "Set LSQ_HOST to the API host itself",
        False,
        id="redirect within the host",
    ),
    pytest.param(
        an_answer(b"", 301, location="http://[broken"),
        "The host sent the request on to another address of its own (HTTP 301); redirects are not followed",
        "Set LSQ_HOST to the API host itself",
        False,
        id="redirect nowhere",
    ),
]


@pytest.mark.parametrize(("exchange", "reason", "remedy", "certain"), STOPS)
def test_what_no_further_request_can_mend_stops_the_run(
    exchange: ApiAnswer, reason: str, remedy: str, certain: bool
) -> None:
    """Refused keys, hosts and activity types say why, what to do, and whether the rows are certainly not stored."""
    verdict = judge(exchange, OPERATION, rows=25)

    assert isinstance(verdict, Stop)
    assert (verdict.reason, verdict.remedy[: len(remedy)], verdict.certain) == (reason, remedy, certain)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["Response", "Status", "Message", "ExceptionType", "RowNumber", "ActivityCreated", "ProspectActivityId"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
bodies = st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode())
headers = st.dictionaries(st.sampled_from(["retry-after", "date", "location"]), st.text(max_size=30))


@given(body=bodies, status=st.integers(100, 599), headers=headers)
def test_no_answer_makes_it_crash(body: bytes, status: int, headers: dict[str, str]) -> None:
    """Whatever bytes come with whatever status and headers, there is a verdict whose texts a database can hold."""
    answer = ApiAnswer(status, headers, body)

    verdict = judge(answer, OPERATION, rows=3)

    repr(verdict).encode("utf-8")
    assert isinstance(verdict, Answered | Throttled | Stop | Refused | Unknown)
    assert isinstance(verdict, Answered) or complaint(answer) in {verdict, None}
