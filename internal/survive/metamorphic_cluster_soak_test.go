//go:build integration && soak

package survive_test

const defaultClusterRounds = 60
