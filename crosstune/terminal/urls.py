"""Database URLs without passwords, and without anything that may be one.

SQLAlchemy's URL type reads and writes them. The process remembers hidden parts, and `redacted`
removes them from any text, since libraries repeat parts of a URL in their messages.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"

# fmt: off
_PLAIN = frozenset({
    "application_name", "autocommit", "cache", "charset", "check_same_thread",
    "client_encoding", "connect_timeout", "db", "driver", "encoding", "encrypt", "gssencmode",
    "host", "isolation_level", "keepalives", "mode", "port", "read_timeout", "ssl", "ssl_mode",
    "sslmode", "sslnegotiation", "target_session_attrs", "timeout", "trustservercertificate",
    "unix_socket", "uri", "write_timeout",
})
# fmt: on
"""Keys of a query whose values are shown. The value of any other key is hidden."""

_SECRET = re.compile("pass|pwd|secret|token|key|cred|auth|odbc|dsn|sig", re.IGNORECASE)
"""Keys of a query whose values are hidden in other texts too. Other values may be common words."""

_LEAST = 4
"""A shorter secret stays in other texts, where it may be part of any word."""

_hidden: dict[str, str] = {}
"""Each hidden text of this process with its replacement, the longest first."""


def is_url(text: str) -> bool:
    """Whether a text is the URL of a database, not a path."""
    return "://" in text


def rendered(url: str) -> str:
    """A URL without its secrets, which `redacted` removes from now on.

    >>> rendered("postgresql://me:sec/ret@db/tune?sslmode=require&sslpassword=x")
    'postgresql://me:***@db/tune?sslmode=require&sslpassword=***'
    """
    parts = _Parts.of(url)
    shown = "&".join(
        f"{quote(key)}={quote(value, safe='/:') if key.lower() in _PLAIN else HIDDEN}"
        for key, value in parts.options
    )
    shown = f"{_front(url, parts)}?{shown}" if shown else _front(url, parts)
    secrets = [value for key, value in parts.options if _SECRET.search(key)]
    _remember(url, shown, [*parts.secrets, *secrets])
    return shown


def note_secrets(*texts: str) -> None:
    """Register the secrets of a URL in each text, such as a command's argument, for `redacted`."""
    for text in texts:
        url = re.search(r"[\w+.-]+://\S.*", text, re.DOTALL)
        if url:
            rendered(url[0])


def has_loose_at(url: str) -> bool:
    """Whether a password has an unescaped @, after which a library would expect the host."""
    return _Parts.of(url).loose


def redacted(text: str) -> str:
    """A text without the secrets that `rendered` has hidden so far.

    >>> _ = rendered("postgresql://me:pa%40ss-word@db/tune")
    >>> redacted('no host "pa@ss-word"')
    'no host "***"'
    """
    for secret, shown in _hidden.items():
        text = text.replace(secret, shown)
    return text


def clean_cause(error: BaseException) -> BaseException | None:
    """The exception as the cause of another one; None if its traceback contains a secret."""
    try:
        text = "".join(traceback.format_exception(error))
    except Exception:  # It cannot be shown, so it may contain a secret.
        return None
    return error if redacted(text) == text else None


def without_secrets(data: Any) -> Any:
    """Plain data with each URL `rendered`."""
    match data:
        case str():
            return rendered(data) if "://" in data else data
        case Mapping():
            return {key: without_secrets(value) for key, value in data.items()}
        case list() | tuple():
            return [without_secrets(value) for value in data]
    return data


def note_all_secrets(data: Any) -> None:
    """Register the secrets of each URL in plain data for `redacted`."""
    left = [data]
    while left:
        match left.pop():
            case str() as text if "://" in text:
                rendered(text)
            case Mapping() as entries:
                left += entries.values()
            case list() | tuple() as items:
                left += items


@dataclass(frozen=True)
class _Parts:
    """A URL in parts.

    Attributes:
        scheme: with the slashes.
        user: None if the URL names no user.
        secrets: the password, and each part of one that contains an @.
        place: host, port and database.
        options: the keys and values of the query.
        loose: whether a password has an unescaped @.
    """

    scheme: str
    user: str | None
    secrets: tuple[str, ...]
    place: str
    options: tuple[tuple[str, str], ...]
    loose: bool = False

    @classmethod
    def of(cls, url: str) -> _Parts:
        """The parts of a URL, split as SQLAlchemy does."""
        scheme, slashes, body = url.partition("://")
        scheme += slashes
        named = re.match(r"([^:/]*)(?::([^@]*))?@", body)
        asks = re.compile(r"\?[^?=@/]*=").search(body, named.end() if named else 0)
        place = body[named.end() if named else 0 : asks.start() if asks else None]
        options = parse_qsl(body[asks.start() + 1 :], keep_blank_values=True) if asks else []
        if named is None:
            return cls(scheme, None, (), place, tuple(options))
        user, password = named.groups()
        if password is None:
            return cls(scheme, user, (), place, tuple(options))
        if re.search(r"\?\w+=", password):  # may be a query that contains an @
            pieces = re.split(r"[@&=?/]", body)
            return cls(scheme, None, (*pieces, body), HIDDEN, (), loose=True)
        more, at, place = place.rpartition("@")
        whole = f"{password}@{more}" if at else password
        pieces = [whole, *re.split("[@/:?]", whole)] if at else [whole]
        return cls(scheme, user, tuple(pieces), place, tuple(options), loose=bool(at))


def _front(url: str, parts: _Parts) -> str:
    if not parts.loose:
        from sqlalchemy.engine import make_url  # slow to import

        try:
            return make_url(url).set(query={}).render_as_string(hide_password=True)
        except Exception:  # raised by SQLAlchemy's parser, such as for a port that is no number
            pass
    user = "" if parts.user is None else f"{parts.user}:{HIDDEN}@" if parts.secrets else parts.user
    return f"{parts.scheme}{user}{parts.place.partition('?')[0]}"


def _remember(url: str, shown: str, secrets: list[str]) -> None:
    """Register the secrets of a URL for `redacted`, in every form that a message may contain.

    Text that the URL still shows, such as a password equal to the user's name, is no secret.
    """
    global _hidden
    forms = {unquote_plus(secret) for secret in secrets} | {unquote(secret) for secret in secrets}
    forms |= set(secrets)
    forms |= {form(secret) for secret in forms for form in _FORMS}
    replacements = {form: HIDDEN for form in forms if len(form) >= _LEAST and form not in shown}
    if url != shown:
        replacements[url] = shown
    by_length = sorted({**_hidden, **replacements}.items(), key=lambda pair: -len(pair[0]))
    _hidden = dict(by_length)


_FORMS = (
    quote,
    quote_plus,
    lambda text: quote(text, safe=""),
    lambda text: repr(text)[1:-1],
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    ascii,
)
