"""A notice as an e-mail in plain text, handed in by SMTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.notify.trouble import NotToldError, is_late, late, why_of, words_of_answer
from etl.notify.wording import subject, text
from etl.settings.notifier import SUBMITTER, MailServer, Security

if TYPE_CHECKING:
    from email.mime.text import MIMEText
    from smtplib import SMTP

    from etl.notify.notice import Notice
    from etl.settings.notifier import Notifier


def recipients(mail: MailServer, notice: Notice) -> tuple[str, ...]:
    """To whom the letter goes: the addresses of the settings, with whoever submitted the files in the place of that word."""
    named = [(*notice.submitters,) if one == SUBMITTER else (one,) for one in mail.to]
    return tuple(dict.fromkeys(one for some in named for one in some))


def letter(mail: MailServer, notice: Notice) -> MIMEText:
    """The whole e-mail. It says that a program wrote it, so that out-of-office answers stay away (RFC 3834).

    Made the older way: `EmailMessage` loses blanks of a folded subject in other scripts, and begins long ones with one.
    """
    from email.header import Header  # noqa: PLC0415 — only where somebody is told
    from email.mime.text import MIMEText  # noqa: PLC0415 — as above
    from email.utils import format_datetime, make_msgid  # noqa: PLC0415 — as above

    made = MIMEText(text(notice).replace("\n", "\r\n"), "plain", "utf-8")
    made["From"] = mail.sender
    made["To"] = ", ".join(recipients(mail, notice))
    made["Subject"] = Header(f"[etl] {subject(notice)}", header_name="Subject", maxlinelen=75).encode()
    made["Date"] = format_datetime(notice.at)
    made["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    return made


def send(notifier: Notifier, notice: Notice) -> None:
    """Hand the letter in.

    Raises: NotToldError — there is nobody to write to, no connection, or the server says no.
    """
    import smtplib  # noqa: PLC0415 — only where somebody is told

    mail = notifier.mail
    assert mail is not None  # noqa: S101 — the settings give every notifier of this kind one
    if not recipients(mail, notice):
        raise NotToldError(
            "there is nobody to write to: nobody is said to have submitted the file. Say --submitted-by, or name an "
            f"address in notify.{notifier.name}.to"
        )
    try:
        with _connected(mail, notifier.timeout_seconds) as server:
            if mail.user is not None and mail.password is not None:
                server.login(mail.user, mail.password.reveal())
            refused = server.send_message(letter(mail, notice))
    except smtplib.SMTPNotSupportedError:
        raise NotToldError(f"{mail.host} does not take a login with user and password") from None
    except smtplib.SMTPAuthenticationError as error:
        raise NotToldError(f"{mail.host} does not accept user and password ({error.smtp_code})") from None
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        said = words_of_answer(_decoded(error.smtp_error), notifier.secrets)
        raise NotToldError(f"{mail.host} answered {error.smtp_code}: {said}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise (late(notifier) if is_late(error) else NotToldError(f"{mail.host}: {why_of(error)}")) from None
    for address, (code, answer) in refused.items():
        reason = words_of_answer(_decoded(answer), notifier.secrets)
        raise NotToldError(f"{mail.host} refuses {address} ({code}): {reason}")


def _connected(mail: MailServer, seconds: float) -> SMTP:
    """A server that is ready to be told letters, over the kind of line that was asked for."""
    import smtplib  # noqa: PLC0415 — see above
    import ssl  # noqa: PLC0415 — as above

    if mail.security is Security.TLS:
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=seconds, context=ssl.create_default_context())
    server = smtplib.SMTP(mail.host, mail.port, timeout=seconds)
    if mail.security is Security.STARTTLS:
        try:
            server.starttls(context=ssl.create_default_context())
        except smtplib.SMTPNotSupportedError:
            server.close()
            why = 'it does not offer STARTTLS. Where the way to it is safe, write security = "none"'
            raise NotToldError(f"{mail.host}: {why}") from None
        except BaseException:
            server.close()
            raise
    return server


def _decoded(said: bytes | str) -> str:
    return said.decode("utf-8", errors="replace") if isinstance(said, bytes) else said
