# syntax=docker/dockerfile:1
# xray-watch: 'docker build .' makes the image that serves on CPUs, 'docker build --target gpu .' the one for NVIDIA GPUs.
# Research use only. Not for diagnosis.

FROM python:3.11.14-slim-bookworm AS base
ENV PATH=/opt/xray/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

FROM base AS build
WORKDIR /source
RUN python -m venv /opt/xray
COPY requirements/serve.txt requirements/serve.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --disable-pip-version-check --require-hashes --requirement requirements/serve.txt
COPY . .
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

# What serving never opens: tests of the dependencies, LiteRT's part for graphic cards in browsers, what installed all this.
FROM build AS slim
RUN packages=$(python -c "import sysconfig; print(sysconfig.get_path('purelib'))") \
    && find "$packages" -depth -type d \( -name tests -o -name test \) -exec rm -r {} + \
    && rm "$packages/ai_edge_litert/libLiteRtWebGpuAccelerator.so" \
    && pip uninstall --yes --quiet setuptools pip

# What TensorFlow needs for a GPU comes from its own wheels; the host brings the driver and NVIDIA's container toolkit.
FROM build AS build-gpu
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --disable-pip-version-check --require-hashes --requirement requirements/gpu.txt

FROM base AS runtime
LABEL org.opencontainers.image.title="xray-watch" \
      org.opencontainers.image.description="Screens chest radiographs that are dropped into a folder" \
      notice="Research use only. Not for diagnosis."
RUN groupadd --gid 10001 xray \
    && useradd --uid 10001 --gid xray --no-create-home --home-dir /var/lib/xray --shell /usr/sbin/nologin xray \
    && install --directory --owner=xray --group=xray --mode=0750 /var/lib/xray /var/lib/xray/home /var/lib/xray/inbox
COPY --chmod=755 deploy/xray-healthy /usr/local/bin/xray-healthy
ENV XRAY_HOME=/var/lib/xray/home \
    XRAY_METRICS_ADDRESS=0.0.0.0:9808 \
    XRAY_METRICS_WORKER_ADDRESS=0.0.0.0:9808
WORKDIR /var/lib/xray
VOLUME ["/var/lib/xray/home", "/var/lib/xray/inbox"]
USER 10001:10001
EXPOSE 9808 8080 11112
# asks what the container was started as: watch, worker, web, listen or daily
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["xray-healthy"]
ENTRYPOINT ["xray-cli"]
CMD ["watch", "/var/lib/xray/inbox"]

FROM runtime AS gpu
COPY --from=build-gpu /opt/xray /opt/xray

FROM runtime AS cpu
COPY --from=slim /opt/xray /opt/xray
