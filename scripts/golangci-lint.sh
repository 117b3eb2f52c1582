#!/usr/bin/env bash
# Builds the linter at a pinned version with the Go toolchain that is here, so that
# nothing but Go modules is fetched. About a minute on two cores, once a version.
set -euo pipefail
version=$1
target=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$(dirname "$target")"
GOBIN=$folder GOFLAGS=-buildvcs=false go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version"
mv "$folder/golangci-lint" "$target"
