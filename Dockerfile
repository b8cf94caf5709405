# The service in an image: docker build -t muster .
FROM rust:1.95.0-slim-bookworm AS builder
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
# rust-toolchain.toml asks for formatter and linter as well; the image's own toolchain suffices here.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package muster

FROM debian:bookworm-slim
# Root certificates come with the binary; nothing else is needed at run time.
RUN groupadd --gid 10001 muster \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin muster \
    && install --directory --owner=muster --group=muster --mode=0700 /data
COPY --from=builder /source/target/release/muster /usr/local/bin/muster
COPY LICENSE /usr/share/doc/muster/LICENSE
RUN ["muster", "version"]

USER 10001:10001
WORKDIR /data
VOLUME /data
ENV MUSTER_DATA=/data \
    MUSTER_ADDR=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
# No HEALTHCHECK: the image has no HTTP client. Ask /healthz and /readyz from outside.
ENTRYPOINT ["muster"]
CMD ["serve"]
