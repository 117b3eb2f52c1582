//go:build integration && !soak

package cluster_test

const rounds = 3 // of kills
