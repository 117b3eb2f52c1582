package servers

import "testing"

// One in 64 random ids began with a dash, and the cluster could not be made.
func TestClusterIDIsNoOption(t *testing.T) {
	for range 10_000 {
		if id := newClusterID(); id[0] == '-' || len(id) != 22 {
			t.Fatalf("the id of a cluster is %q", id)
		}
	}
}
