// Package client is the Go client of Kith's HTTP API, generated from
// internal/api/openapi.yaml. It imports nothing of Kith.
package client

//go:generate go tool oapi-codegen -config config.yaml ../openapi.yaml
