# One edge.
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates ffmpeg python3.11 python3.11-venv tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /srv/queue-edge --no-create-home queue-edge

WORKDIR /srv/queue-edge
COPY requirements.lock ./
RUN python3.11 -m venv /opt/queue-edge \
 && /opt/queue-edge/bin/pip install --no-cache-dir --disable-pip-version-check \
      --no-deps --require-hashes --only-binary :all: --requirement requirements.lock

COPY edge edge
COPY edge.yaml demo.yaml ./
RUN /opt/queue-edge/bin/python -m compileall -q edge

USER queue-edge
# Calls outlive an edge: Asterisk holds them, another edge takes them over.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/queue-edge/bin/python", "-m", "edge"]
CMD ["serve", "--config", "edge.yaml"]
