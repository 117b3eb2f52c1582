//go:build !soak

package survive_test

const defaultRounds = 50
