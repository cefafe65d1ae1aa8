# One image for all Python processes; docker-compose.yml says which command each runs.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS packages
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv --without-pip /opt/aware \
 && pip --python /opt/aware/bin/python install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: --requirement /tmp/runtime.txt

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 aware && useradd --uid 10001 --gid aware --no-create-home aware \
 # Volumes begin with the owners of these folders.
 && install -d -o aware -g aware /var/lib/gateway /var/lib/rabbitmq-definitions
COPY --from=packages /opt/aware /opt/aware
COPY . /app
WORKDIR /app
ENV PATH=/opt/aware/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m compileall -q .
USER 10001:10001
CMD ["python", "-m", "aware", "--help"]

ARG VERSION=dev
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Aware Micro-Services" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
