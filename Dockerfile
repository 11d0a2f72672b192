# syntax=docker/dockerfile:1
# The image of the operator: one static binary and the certificates of public CAs. `make image` builds it.

# As in rust-toolchain.toml.
ARG RUST=1.95.0

# No cross compiler: this stage runs as the platform that the image is for, and Alpine's own target is the static one.
FROM rust:${RUST}-alpine AS builder
ARG RUST
ARG TARGETARCH
ARG COMMIT=""
RUN apk add --no-cache ca-certificates make musl-dev
WORKDIR /build
COPY . .
# The toolchain of the image instead of rust-toolchain.toml's, whose further components nothing here needs.
ENV RUSTUP_TOOLCHAIN=${RUST} AMKO_COMMIT=${COMMIT}
RUN --mount=type=cache,id=amko-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=amko-target-${TARGETARCH},target=/build/target,sharing=locked \
    # jemalloc takes its page size from the machine that builds it, and ends at once where pages are larger. Nodes with
    # arm64 have pages of 4, 16 or 64 KiB.
    if [ "$TARGETARCH" = arm64 ]; then export JEMALLOC_SYS_WITH_LG_PAGE=16; fi && \
    cargo build --profile dist --locked -p amko && \
    cp target/dist/amko /amko

FROM scratch
ARG COMMIT=""
ARG VERSION=""
LABEL org.opencontainers.image.title="amko" \
      org.opencontainers.image.description="Keeps one GSLB service per FQDN on an Avi controller from the objects of many Kubernetes clusters" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /amko /amko
# The log is read by machines, or by people through them.
ENV NO_COLOR=1
# A number, so that kubelet can see that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/amko"]
CMD ["run"]
