//go:build integration

package survive

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestClusterExpiresOnce has two processes keep what is set aside for a second, and the
// one that gives it up killed again and again while more comes in: each record expires
// once, whoever names it, and the log replayed gives the same (I2, I4).
func TestClusterExpiresOnce(t *testing.T) {
	const bad, each = 2000, 100
	f := newFleet(t, fmt.Sprintf(shopFile, 50, 200, "quarantine: {keep: 1s}\n"))
	f.join(false)
	f.join(false)
	f.recovered()
	expired := func(m *member) (expired, quarantined uint64, err error) {
		var l struct {
			Balanced bool `json:"balanced"`
			Lines    []struct {
				Source      string `json:"source"`
				Quarantined uint64 `json:"quarantined"`
				Expired     uint64 `json:"expired"`
			} `json:"lines"`
		}
		err = m.api(http.MethodGet, "/api/ledger", nil, &l)
		for _, line := range l.Lines {
			if line.Source == "web" {
				expired += line.Expired
				quarantined += line.Quarantined
			}
		}
		if err == nil && !l.Balanced {
			err = fmt.Errorf("the ledger does not balance: %+v", l)
		}
		return expired, quarantined, err
	}
	for sent := 0; sent < bad; sent += each {
		var events []string
		for i := range each {
			events = append(events, fmt.Sprintf(`{"type":"track","messageId":"bad-%d","userId":"u%d"}`, sent+i, i)) // no event
		}
		f.members[1].poll("a batch is taken", time.Minute, func() error {
			a, err := f.next().ask(http.MethodPost, "/v1/batch", webBatch(events...), "Content-Type", "application/json")
			if err == nil && a.status != http.StatusOK {
				err = fmt.Errorf("it answered %s", a)
			}
			return err
		})
		if sent%500 == 400 { // whichever of them has the lease, it is lost within two turns
			m, other := f.members[sent/500%2], f.members[1-sent/500%2]
			other.poll("some have expired", time.Minute, func() error {
				if n, _, err := expired(other); err != nil || n == 0 {
					return cmp.Or(err, errors.New("none has expired yet"))
				}
				return nil
			})
			m.kill()
			m.start()
			f.arrange()
		}
	}
	f.recovered()
	f.arrange()
	m := f.members[1]
	m.poll("all of them have expired", 2*time.Minute, func() error {
		n, left, err := expired(m)
		if err == nil && (n != bad || left != 0) {
			err = fmt.Errorf("%d of %d have expired, and %d are in quarantine", n, bad, left)
		}
		return err
	})
	m.poll("the warehouse has loaded that", time.Minute, m.idle)
	if got := fmt.Sprint(m.sql("select outcome, count(*), count(distinct (log_partition, log_offset)) from set_aside where outcome = 'expired' group by all"), m.sql("select count(*) from quarantine")); !strings.Contains(got, "[expired 2000 2000]") || !strings.HasSuffix(got, "[[0]]") {
		t.Errorf("the warehouse says %s", got)
	}
	f.stopAll()
	m.verifyByCommand()
}
