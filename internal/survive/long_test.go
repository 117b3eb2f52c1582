//go:build integration && soak

package survive

// The long form.
const (
	kills        = 50
	killPeople   = 3_000
	sharedPeople = 100_000
	slowPeople   = 8_000

	// mostMemory is the bound, in MiB, on what the server may ever have resident, with
	// default settings of cache and warehouse.
	mostMemory = 1000

	// Of several processes on one cluster.
	processes     = 3
	clusterRounds = 30
	clusterPeople = 1500
	smallPeople   = 400
)
