#!/usr/bin/env bash
# Builds both images and pushes them, each with an SBOM and the provenance of its build.
# Reads REGISTRY (host/owner), REGISTRY_USER, REGISTRY_TOKEN, VERSION and COMMIT.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${REGISTRY:?the repository variable REGISTRY says where images go, as HOST/OWNER}"
: "${REGISTRY_USER:?}" "${REGISTRY_TOKEN:?}" "${VERSION:?}" "${COMMIT:?}"

push() {
    local name=$1
    shift
    docker buildx build --push --sbom=true --provenance=mode=max \
        --tag "$REGISTRY/$name:$VERSION" "$@"
}

docker login "${REGISTRY%%/*}" --username "$REGISTRY_USER" --password-stdin <<< "$REGISTRY_TOKEN"
# The engine's own builder keeps no attestations.
docker buildx create --use --name release
push aware-micro-services --build-arg "VERSION=$VERSION" --build-arg "COMMIT=$COMMIT" .
push aware-gateway --file kong/Dockerfile .
