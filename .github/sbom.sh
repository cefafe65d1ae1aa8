#!/usr/bin/env bash
# Writes what the services and the Python client packages consist of, as CycloneDX, into build/sbom.
# The client packages for TypeScript have no dependencies. Run by `make sbom`, after `make sdks`.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
mkdir -p build/sbom

.venv/bin/cyclonedx-py requirements requirements/runtime.txt \
    --output-reproducible --output-file build/sbom/services.cdx.json
.venv/bin/python -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: build/sdks/*.whl
.venv/bin/cyclonedx-py environment "$environment/bin/python" \
    --output-reproducible --output-file build/sbom/packages.cdx.json
ls build/sbom/*.json
