# The image of the released program: one static file on nothing, run by nobody, with its data in /data.
#
#   docker build -t tidegate .
#   docker run -p 127.0.0.1:8080:8080 -v tidegate:/data --read-only tidegate
#
# Cross-compiled where the builder runs, by the script that makes the archives; so `--platform linux/amd64,linux/arm64`
# needs no emulation.
FROM --platform=$BUILDPLATFORM rust:1.95.0-slim-bookworm AS build
ARG TARGETARCH
# A security fix of Debian's Python shall not wait for this file.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN infra/dist/build "$TARGETARCH" \
  && install -D "target/linux-$TARGETARCH/tidegate" /image/tidegate \
  && python3 infra/dist/licences.py "$TARGETARCH" > /image/THIRD-PARTY-LICENCES.txt \
  && install LICENSE-MIT LICENSE-APACHE /image/ \
  && mkdir /data

FROM scratch
COPY --from=build /image/ /
# A volume takes the owner of the folder that it covers.
COPY --from=build --chown=65532:65532 /data/ /data/
ENV LISTEN=0.0.0.0:8080 DATA=/data
USER 65532:65532
# SQLite looks for a folder for its temporary files, and there is no /tmp.
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --start-period=30s CMD ["/tidegate", "health"]
ENTRYPOINT ["/tidegate"]
