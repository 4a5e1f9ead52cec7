"""Who asks: a bearer key opens the accounts that list its SHA-256, and nothing else is seen."""

import hashlib
import hmac
from collections.abc import Sequence

from aiohttp import web

from edge.domain.settings import Account
from edge.web.errors import Problem, ProblemType

ACCOUNT_HEADER = "DialStack-Account"
REALM = 'Bearer realm="queue-edge"'


class Doors:
    """Every account with the digests of its keys. Keys are compared, never kept or logged."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._keyholes = [
            (bytes.fromhex(digest), account)
            for account in accounts
            for digest in account.api_key_sha256
        ]

    def open(self, request: web.Request) -> Account:
        """The account that the request is about.

        Raises Problem: 401 without a key that opens an account, 404 for an account that the key
        does not open, 400 where the key opens several and none is named.
        """
        opened = self._opened_by(_key_of(request))
        if not opened:
            raise _unauthorized("The key opens no account.", ', error="invalid_token"')
        named = request.headers.get(ACCOUNT_HEADER)
        if named is None and len(opened) > 1:
            detail = f"Name the account in the header {ACCOUNT_HEADER}."
            raise Problem(ProblemType.ACCOUNT_REQUIRED, detail)
        if named is None:
            return next(iter(opened.values()))
        if named not in opened:
            raise Problem(ProblemType.NOT_FOUND, "There is no such account for this key.")
        return opened[named]

    def _opened_by(self, key: str) -> dict[str, Account]:
        """Compares with every digest, in a time that tells nothing about any of them."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        fits = [
            (hmac.compare_digest(digest, keyhole), account) for keyhole, account in self._keyholes
        ]
        return {account.id: account for does_fit, account in fits if does_fit}


def _key_of(request: web.Request) -> str:
    given = request.headers.getall("Authorization", [])
    if len(given) != 1:
        raise _unauthorized("Send one header Authorization: Bearer <key>.")
    scheme, _, key = given[0].partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise _unauthorized("Send the header Authorization: Bearer <key>.")
    return key.strip()


def _unauthorized(detail: str, error: str = "") -> Problem:
    return Problem(
        ProblemType.UNAUTHORIZED, detail, headers={"WWW-Authenticate": f"{REALM}{error}"}
    )
