"""What goes in and what comes out: a request as it was read, an answer as it will be written, a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl


class ApiError(Exception):
    """A request or a row that the API does not carry out; with the words it answers.

    Vendor's error pages: 400, 401, 404, 429 and 500, the body naming Status, ExceptionType and ExceptionMessage.
    """

    def __init__(self, status: int, exception_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.exception_type = exception_type
        self.message = message

    def answer(self) -> Answer:
        """The whole request's answer."""
        body = {"Status": "Error", "ExceptionType": self.exception_type, "ExceptionMessage": self.message}
        return Answer.of_json(body, self.status)


def bad_request(message: str) -> ApiError:
    """The body is not what the operation's page shows."""
    return ApiError(400, "MXBadRequestException", message)


def invalid_input(message: str) -> ApiError:
    """A parameter holds a value that the operation does not take."""
    return ApiError(500, "MXInvalidInputException", f"Invalid Input! {message}")


def mandatory(name: str) -> ApiError:
    """A parameter without which the operation means nothing was left out."""
    return ApiError(500, "MXMandatoryAttributeMissingException", f"'{name}' is mandatory.")


def whole_number(value: Any, name: str, least: int = 0, most: int | None = None) -> int:
    """A whole number: the samples write some as JSON numbers and some as texts of digits."""
    digits = str(value)
    if isinstance(value, bool) or not (digits.isascii() and digits.isdigit()):
        raise invalid_input(f"Parameter Name: {name}. '{value}' is not a whole number.")
    if int(digits) < least or (most is not None and int(digits) > most):
        raise invalid_input(f"Parameter Name: {name}. {digits} is out of range.")
    return int(digits)


class Ending(Enum):
    """How the bytes of an answer come to an end."""

    WHOLE = auto()  # everything announced is sent, the connection stays open
    CUT = auto()  # half of the announced body, then the connection is closed
    RESET = auto()  # nothing is sent, the connection is reset


@dataclass(frozen=True)
class Answer:
    """What will be written to the caller's socket."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    ending: Ending = Ending.WHOLE

    @classmethod
    def of_json(cls, content: Any, status: int = 200) -> Answer:
        return cls(status, json.dumps(content, ensure_ascii=False).encode())


@dataclass(frozen=True)
class Request:
    """One request, read completely."""

    method: str
    path: str
    query: str  # as it stood in the request line, still percent-encoded
    headers: dict[str, str] = field(repr=False)  # names in lower case: HTTP does not tell cases apart
    body: bytes = b""

    def parameter(self, name: str) -> str:
        """The query parameter's value, "" when absent. The pages print both searchBy and SearchBy: case is ignored."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        return next((value for key, value in pairs if key.lower() == name.lower()), "")

    def json(self) -> Any:
        """The body as JSON; ApiError 400 when it is not announced or not readable as such."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise bad_request("The content type must be application/json.")
        try:
            return json.loads(self.body.decode("utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise bad_request(f"The body cannot be read as JSON: {error}") from error
