//go:build integration && !soak

package survive

// The short form, for every commit.
const (
	kills        = 5
	killPeople   = 300
	sharedPeople = 5_000
	slowPeople   = 400

	// mostMemory is the bound, in MiB, on what the server may ever have resident, with
	// default settings of cache and warehouse.
	mostMemory = 500

	// Of several processes on one cluster.
	processes     = 3
	clusterRounds = 3
	clusterPeople = 120
	smallPeople   = 60
)
