//go:build soak

package survive_test

const defaultRounds = 1_000
