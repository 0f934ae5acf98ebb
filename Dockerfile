# The workflow and the dashboard in one image: `run`, `serve`, `state ...`, `google ...` (entrypoint.sh).
# All writing goes below /data; the root file system may be read-only. BASE needs python3 (3.11 or newer) with venv.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
WORKDIR /app
COPY requirements.lock ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
ENV PATH=/opt/venv/bin:$PATH
COPY . ./
# An editable install, as on a laptop: Snakemake's keys and the command pdp read the same files.
# Bytecode is compiled here, as nothing can be written there at run time; what only building needs is left behind.
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && python -m compileall -q --invalidation-mode unchecked-hash src dash_app \
    && rm -rf /opt/venv/lib/python3*/site-packages/numpy/*/tests /opt/venv/lib/python3*/site-packages/numpy/tests \
        /opt/venv/lib/python3*/site-packages/pandas/tests /opt/venv/lib/python3*/site-packages/pyarrow/tests \
        /opt/venv/lib/python3*/site-packages/pyarrow/include \
    && find /opt/venv/lib/python3*/site-packages/googleapiclient/discovery_cache/documents \
        -name '*.json' ! -name 'drive.*' ! -name index.json -delete
# The demo, built by the image's own code: it proves the image, and the dashboard needs no volume and no network.
RUN snakemake --cores 2 \
    && mkdir -p /demo/results /demo/resources/raw \
    && mv results/summary results/merged results/superseded results/normalized results/quarantine results/manifests \
        results/lineage.sqlite /demo/results/ && mv resources/raw/demo /demo/resources/raw/ \
    && python -m pip uninstall --yes pip \
    && rm -rf results resources/raw resources/state .snakemake logs requirements.lock

FROM ${BASE}
LABEL org.opencontainers.image.title="Personal Data Platform" org.opencontainers.image.licenses="MIT"
# Pango lays out the text of the report's PDF. Debian's own version: a pinned one vanishes with the next point release.
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin pdp \
    && install -d -o 10001 -g 10001 -m 0700 /data \
    && install -d /app/credentials /app/resources
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=build /demo /app/demo
RUN ln -s /data/results /app/results \
    && ln -s /data/.snakemake /app/.snakemake \
    && ln -s /data/logs /app/logs \
    && ln -s /data/resources/raw /app/resources/raw \
    && ln -s /data/resources/state /app/resources/state
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PDP_DATA=/data \
    HOME=/data \
    USER=pdp
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8050
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/app/entrypoint.sh", "health"]
ENTRYPOINT ["/app/entrypoint.sh"]
CMD ["run"]
