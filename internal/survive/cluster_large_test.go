//go:build integration

package survive

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestClusterTakesLargeRecords has rows that grow sixfold on the way into the log, and
// a person of whom several sources say as much as a row may hold: nothing stops.
func TestClusterTakesLargeRecords(t *testing.T) {
	f := newFleet(t, badFile+embeddedLine)
	m := f.newMember(false, partitions, clusterHashKey)
	m.start()
	f.members = append(f.members, m)
	const header = "id,name,email,phone,at\n"
	const most = 1 << 20
	rows := 0
	file := func(name string, lines ...string) {
		m.write(filepath.Join("sources", name), header+strings.Join(lines, ""))
		rows += len(lines)
	}
	ordinary := func(n int) string { return fmt.Sprintf("o%d,Ann %d,ann.%d@example.com,,2024-01-01\n", n, n, n) }
	file("people-control.csv", ordinary(1), "c1,"+strings.Repeat("\x01", most-100)+",c1@example.com,,2024-01-01\n", ordinary(2))
	for n := range 8 {
		file(fmt.Sprintf("people-wide-%d.csv", n), fmt.Sprintf("w%d,%s,wide@example.com,,2024-01-01\n", n, strings.Repeat(string(rune('a'+n)), most-100)))
	}
	file("people-last.csv", ordinary(3))
	m.drained(uint64(rows), 90*time.Second, "people")
	if got := m.sql("select count(*) from dim_customer where is_current and email like 'ann.%'")[0][0]; got != "3" {
		t.Errorf("%s of 3 ordinary people are in the warehouse", got)
	}
	f.stopAll()
	m.verifyByCommand()
}
