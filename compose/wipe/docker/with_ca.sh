#!/bin/sh
# with-ca COMMAND: run COMMAND with the build secret "ca", if it holds a CA bundle, as what it trusts.
set -eu
ca=/run/secrets/ca
if [ -s "$ca" ]; then
  export PIP_CERT="$ca" REQUESTS_CA_BUNDLE="$ca" SSL_CERT_FILE="$ca" NODE_EXTRA_CA_CERTS="$ca"
fi
exec "$@"
