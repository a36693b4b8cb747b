# Two stages: the first installs the hash-locked dependencies, the second has no pip cache, no compiler and no root.
# requirements.txt leaves out the embedded PostgreSQL, which is for development and tests only.
# docs/containers.md, "Images", tells where the digest comes from and how to change it.
ARG PYTHON_IMAGE=python:3.12.14-slim-bookworm@sha256:0f5b26b9518d002b6173fd61daad821fa340635ebfec5bba471013f9ca114579

FROM ${PYTHON_IMAGE} AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN pip --python /opt/venv/bin/python install --no-compile --require-hashes --only-binary=:all: -r /tmp/requirements.txt

FROM ${PYTHON_IMAGE}
# The root file system is not written when it runs: HOME is only a name, and what is temporary goes to /tmp.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/srv/seedgate
RUN groupadd --system --gid 10001 seedgate \
  && useradd --system --uid 10001 --gid 10001 --home-dir /srv/seedgate --no-create-home --shell /usr/sbin/nologin seedgate
COPY --from=dependencies /opt/venv /opt/venv
WORKDIR /srv/seedgate
COPY alembic.ini ./
COPY migrations ./migrations
COPY app ./app
# Bytecode of everything, the standard library too, which the base image has without: no start has to compile. It is not
# compared with its source, which nothing in here can change.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /usr/local/lib/python3.12 /opt/venv/lib app migrations
USER 10001:10001
EXPOSE 8080
# /healthz does no I/O: a database that is away must not make the orchestrator restart the gateway.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
