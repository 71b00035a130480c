"""Whose word a drill takes for what a set has to hold: the key that signs catalogues."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.errors import Location, UsageError
from restoreproof.sealing.catalogue_signature import Authorship, CatalogueAuthor, author_of
from restoreproof.sealing.keys import SigningKey, make_signing_key, pinned_key, signing_key

OWN_KEY = "catalogue.pem"
"""The key that signs catalogues where none is named, in ``VAR/keys``; its public half lies beside."""
OWN_KEY_LASTS = timedelta(days=730)


def own_key_of(var: Path) -> Path:
    """Return where this machine's own key is kept, be it made or not."""
    return var / "keys" / OWN_KEY


def catalogue_signing_key(named: str | None, public: Path | None, var: Path) -> SigningKey:
    """Return the key that signs catalogues: the one at the URI ``named``, else this machine's, made once.

    Raises:
        UsageError: the key can't be used.
    """
    if named is None:
        own = own_key_of(var)
        if not own.exists():
            make_signing_key(own, valid_for=OWN_KEY_LASTS)
        named = f"file:{own}"
    return signing_key(named, public)


def trusted_author(
    catalogue: Path, signature: Path, contract: Contract, named: Path | None, var: Path
) -> CatalogueAuthor:
    """Return whose word ``catalogue`` is.

    Args:
        signature: where its signature is, if it has one.
        named: the public key that was named for this drill. Without one it is the contract's, and without
            that the public half of this machine's own, where there is one.

    Raises:
        UsageError: the key or the signature can't be used, or the contract refuses such a catalogue.
    """
    rule = contract.catalogue
    own = own_key_of(var).with_suffix(".pub")
    public = named or (contract.directory / rule.key if rule and rule.key else None)
    public = public or (own if own.is_file() else None)
    author = author_of(catalogue, signature, pinned_key(public) if public else None)
    if rule and rule.required and author.authorship is not Authorship.SIGNED:
        raise UsageError(
            f"the contract takes a catalogue only from the key that it names, and this one is {author}",
            where=Location(str(signature.with_suffix(""))),
            hint="name the backup job's public key with --catalogue-key, or fetch its catalogue",
        )
    return author
