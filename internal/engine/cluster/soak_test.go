//go:build integration && soak

package cluster_test

const rounds = 30 // of kills
