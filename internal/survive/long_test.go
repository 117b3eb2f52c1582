//go:build integration && soak

package survive

// The long form.
const (
	kills        = 50
	killPeople   = 3_000
	sharedPeople = 100_000
	slowPeople   = 8_000
)
