//go:build integration

package survive

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestDeadAndSlowDestination is I9: the road and the warehouse come to their end while a
// destination refuses every connection, or takes each and never answers. All come to
// the same people. The rates are printed, not judged: machines differ by more.
func TestDeadAndSlowDestination(t *testing.T) {
	refusing := refusingAddress(t)
	silent := make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select { // it hangs for as long as anyone waits
		case <-silent:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(mute.Close)
	t.Cleanup(func() { close(silent) })
	rates := map[string]string{}
	var people string
	for _, way := range []struct{ name, url string }{{"none", ""}, {"refuses", refusing}, {"never answers", mute.URL}, {"none again", ""}} {
		destination := ""
		if way.url != "" {
			destination = fmt.Sprintf("destinations:\n  dead: {type: webhook, url: %q, on: [profile.changed], allow_private: true}\n", way.url)
		}
		s := newShop(t, slowPeople, 6, 1_000_000, fmt.Sprintf(shopFile, 500, 2000, destination))
		s.start()
		began := time.Now()
		s.deliver(len(s.files))
		if left := (&sender{s: s}).send(s.batches, nil); len(left) > 0 {
			t.Fatalf("%s: %d batches were not taken", way.name, len(left))
		}
		l := s.drained(uint64(s.rows+s.events), 2*time.Minute, append(fileSources, "web")...)
		rates[way.name] = fmt.Sprintf("%.0f records/s, %.1f s of processor, %d MiB", float64(l.Accepted)/time.Since(began).Seconds(), s.processor(), s.peak())
		if way.url != "" {
			s.stuck()
		}
		// Ids are keyed by each folder's own key, and received times differ: what can
		// be compared is who is one person with whom.
		text := s.partition()
		if people == "" {
			people = text
		} else if text != people {
			t.Errorf("%s: other people than without a destination", way.name)
			firstDifference(t, text, people)
		}
		if most := s.peak(); most > mostMemory {
			t.Errorf("%s: the server had %d MiB resident, more than %d", way.name, most, mostMemory)
		}
		if code := s.stop(); code != 0 {
			t.Errorf("%s: the stopped server ended with code %d", way.name, code)
		}
		s.verify()
	}
	t.Logf("with no destination: %s; with one that refuses: %s; with one that never answers: %s; with none again: %s",
		rates["none"], rates["refuses"], rates["never answers"], rates["none again"])
}

// stuck holds that the destination has delivered nothing and is behind.
func (s *shop) stuck() {
	s.t.Helper()
	s.poll("the destination is seen to be behind", 30*time.Second, func() error {
		st, err := s.status()
		switch {
		case err != nil:
			return err
		case len(st.Destinations) != 1 || st.Destinations[0].Delivered != 0:
			s.t.Fatalf("the dead destination is said to be %+v", st.Destinations)
		case st.Destinations[0].Behind == 0:
			return fmt.Errorf("%+v", st.Destinations)
		}
		return nil
	})
}

// partition is the people of the shop as sets of identifiers, in order.
func (s *shop) partition() string {
	s.t.Helper()
	rows := s.sql(`select members from (select customer_id, string_agg(identifier_type || ':' || identifier_value, ' ' order by identifier_type, identifier_value) as members
		from bridge_identity group by 1) order by 1`)
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(row[0] + "\n")
	}
	if len(rows) < len(s.world.People)/2 {
		s.t.Errorf("the warehouse knows only %d people", len(rows))
	}
	return b.String()
}

// refusingAddress is an address of this machine where nobody listens.
func refusingAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return "http://" + address + "/hook"
}
