# The image of Halfopen's processes: `docker build -t halfopen:0.1.0 --target scale-out .` (docs/scale-out.md), and one
# with the embedded engine for `halfopen up`: `docker build -t halfopen-embedded:0.1.0 --target embedded .`
# Debian: the native Kafka client and the engine are built for glibc.
FROM node:22.23.2-bookworm-slim AS base

FROM base AS build
# For the Kafka client, where its prebuilt binary can't be fetched. Our set-up installs the headers that it needs.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates g++ make python3
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/root/.npm --mount=type=cache,target=/root/.cache \
    npm ci \
    && npm run build \
    && npm run setup:kafka \
    && node scripts/image.mjs /image \
    && mkdir /engine \
    && mv /image/node_modules/@chdb /engine/

FROM base AS scale-out
# What the Kafka client is linked with, and the authorities that sign brokers' certificates.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates liblz4-1 libssl3 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
    UV_THREADPOOL_SIZE=16
COPY --from=build /image /opt/halfopen
# A volume mounted here belongs to the user as well. Nothing else is written but /tmp: the root may be read-only.
RUN install --directory --owner=node --group=node --mode=755 /var/lib/halfopen
WORKDIR /var/lib/halfopen
USER 1000:1000
# As process 1, which gets signals only for what it handles: SIGTERM and SIGINT stop it in order.
ENTRYPOINT ["node", "/opt/halfopen/cli/bin/halfopen.js"]
CMD ["--help"]

FROM scale-out AS embedded
COPY --from=build /engine /opt/halfopen/node_modules
