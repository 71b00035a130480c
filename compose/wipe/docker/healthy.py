#!/usr/bin/env python3
"""``healthy URL``: exit 0 if URL answers 200. HTTPS is the signer's, with a client certificate."""

import base64
import os
import ssl
import sys
import tempfile
import urllib.request


def trust() -> ssl.SSLContext:
    """Mutual TLS from SIGNER_CA_B64, SIGNER_CLIENT_CERT_B64 and SIGNER_CLIENT_KEY_B64."""
    decoded = {
        name: base64.b64decode(os.environ[f"SIGNER_{name}_B64"])
        for name in ("CA", "CLIENT_CERT", "CLIENT_KEY")
    }
    context = ssl.create_default_context(cadata=decoded["CA"].decode())
    # ssl loads a pair from a file only.
    with tempfile.NamedTemporaryFile(suffix=".pem") as pair:
        pair.write(decoded["CLIENT_CERT"] + b"\n" + decoded["CLIENT_KEY"])
        pair.flush()
        context.load_cert_chain(pair.name)
    return context


def main(url: str) -> int:
    """0 or 1; what went wrong goes to standard error, where `docker inspect` shows it."""
    try:
        context = trust() if url.startswith("https:") else None
        with urllib.request.urlopen(url, timeout=4, context=context) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, KeyError, ValueError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
