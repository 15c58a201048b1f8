"""Database URLs as they may be shown: without passwords, and without what may be one.

SQLAlchemy's URL type reads and writes them. What was hidden is remembered in this process, and
`redacted` takes it out of any text, since libraries repeat parts of a URL in their messages.
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
"""Keys of a query whose values are no secrets. The value of any other is hidden."""

_SECRET = re.compile("pass|pwd|secret|token|key|cred|auth|odbc|dsn|sig", re.IGNORECASE)
"""Keys of a query whose values are hidden in other texts too, where one may be any word."""

_LEAST = 4
"""A secret with fewer characters is left in other texts, where it may be part of any word."""

_hidden: dict[str, str] = {}
"""What is hidden in this process and what is shown in its place, the longest first."""


def is_url(text: str) -> bool:
    """Whether it is the URL of a database, and not a path."""
    return "://" in text


def rendered(url: str) -> str:
    """A URL without its secrets, which `redacted` knows from now on.

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


def note_secrets(text: str) -> None:
    """Let `redacted` know the secrets of a URL in a text, such as an argument of a command."""
    found = re.search(r"[\w+.-]+://\S.*", text, re.DOTALL)
    if found:
        rendered(found[0])


def has_loose_at(url: str) -> bool:
    """Whether a password has an @ as it is, behind which a library would look for the host."""
    return _Parts.of(url).loose


def redacted(text: str) -> str:
    """A text without what `rendered` has hidden so far.

    >>> _ = rendered("postgresql://me:pa%40ss-word@db/tune")
    >>> redacted('no host "pa@ss-word"')
    'no host "***"'
    """
    for secret, shown in _hidden.items():
        text = text.replace(secret, shown)
    return text


def clean_cause(error: BaseException) -> BaseException | None:
    """An exception to raise another one from; None where its traceback has a secret in it."""
    try:
        text = "".join(traceback.format_exception(error))
    except Exception:  # It cannot be shown, so nobody knows what is in it.
        return None
    return error if redacted(text) == text else None


def without_secrets(held: Any) -> Any:
    """Plain data with each URL in it as it may be shown."""
    match held:
        case str():
            return rendered(held) if "://" in held else held
        case Mapping():
            return {key: without_secrets(value) for key, value in held.items()}
        case list() | tuple():
            return [without_secrets(value) for value in held]
    return held


@dataclass(frozen=True)
class _Parts:
    """A URL in parts.

    Attributes:
        scheme: with the slashes.
        user: None where no user is named.
        secrets: the password, and each part of one that has an @ in it.
        place: host, port and database.
        options: the keys and values of the query.
        loose: whether a password has an @ as it is.
    """

    scheme: str
    user: str | None
    secrets: tuple[str, ...]
    place: str
    options: tuple[tuple[str, str], ...]
    loose: bool = False

    @classmethod
    def of(cls, url: str) -> _Parts:
        """The parts, where SQLAlchemy looks for them."""
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
        if re.search(r"\?\w+=", password):  # perhaps no password, but a query with an @ in it
            pieces = re.split(r"[@&=?/]", body)
            return cls(scheme, None, (*pieces, body), HIDDEN, (), loose=True)
        more, at, place = place.rpartition("@")
        whole = f"{password}@{more}" if at else password
        pieces = [whole, *re.split("[@/:?]", whole)] if at else [whole]
        return cls(scheme, user, tuple(pieces), place, tuple(options), loose=bool(at))


def _front(url: str, parts: _Parts) -> str:
    """The URL up to its query."""
    if not parts.loose:
        from sqlalchemy.engine import make_url  # slow to import

        try:
            return make_url(url).set(query={}).render_as_string(hide_password=True)
        except Exception:  # Of SQLAlchemy's parser, which takes a port for a number.
            pass
    user = "" if parts.user is None else f"{parts.user}:{HIDDEN}@" if parts.secrets else parts.user
    return f"{parts.scheme}{user}{parts.place.partition('?')[0]}"


def _remember(url: str, shown: str, secrets: list[str]) -> None:
    """Let `redacted` hide the secrets of a URL, in every form in which a message may have them.

    What the URL shows anyway is no secret, such as a password that is the user's name.
    """
    global _hidden
    forms = {unquote_plus(secret) for secret in secrets} | {unquote(secret) for secret in secrets}
    forms |= set(secrets)
    forms |= {form(secret) for secret in forms for form in _FORMS}
    found = {each: HIDDEN for each in forms if len(each) >= _LEAST and each not in shown}
    if url != shown:
        found[url] = shown
    by_length = sorted({**_hidden, **found}.items(), key=lambda pair: -len(pair[0]))
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
