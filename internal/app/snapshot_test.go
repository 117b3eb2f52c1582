package app_test

import (
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/app"
)

// TestSnapshotDeletesProfiles has a person vanish from the newest file, come back, and a
// file that lacks too many.
func TestSnapshotDeletesProfiles(t *testing.T) {
	p := newProject(t)
	text := strings.Replace(projectFile, "watch: false}", "watch: false, snapshot: true}", 1)
	p.write("kith.yaml", strings.Replace(text, "    seq: updated\n", "", 1))
	const header = "id,first,email,age,updated\n"
	const ana, ben, cleo = "1,ana,ana@example.com,34,2026-01-05\n", "2,ben,ben@example.com,51,2026-01-05\n", "3,cleo,cleo@example.com,20,2026-01-05\n"
	for _, step := range []struct {
		file, rows string
		live       string
		applied    int64
		fault      string
	}{
		{"1.csv", ana + ben + cleo, "ana ben cleo", 3, ""},
		{"2.csv", ana + cleo, "ana cleo", 6, ""},
		{"2 again.csv", ana + cleo, "ana cleo", 6, ""},
		{"3.csv", ana + cleo + ben, "ana ben cleo", 9, ""},
		{"4.csv", ben, "ana ben cleo", 10, "file_snapshot_deletes"},
		{"5.csv", ana + ben, "ana ben", 13, ""},
	} {
		p.write("in/"+step.file, header+step.rows)
		p.run(app.Options{})
		p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
		<-p.app.FilesDone()
		p.drain()
		var live []string
		for _, name := range []string{"ana", "ben", "cleo"} {
			if p.who(name+"@example.com", "").ID != "" {
				live = append(live, name)
			}
		}
		if got := strings.Join(live, " "); got != step.live {
			t.Errorf("after %s there are %q, want %q", step.file, got, step.live)
		}
		l := p.ledger()
		var duplicate, aside, applied int64
		for _, line := range l.Lines {
			if line.Stream == "crm.contacts" {
				duplicate, aside, applied = line.Duplicate, line.Quarantined, line.Applied
			}
		}
		if !l.Balanced || l.Pending != 0 || duplicate != 0 || aside != 0 || applied != step.applied {
			t.Errorf("after %s the ledger is %+v, want %d applied", step.file, l, step.applied)
		}
		var s api.Status
		p.ask("GET", "/api/status", "", &s)
		if s.Sources[0].Fault != step.fault || s.Sources[0].State != api.SourceDone {
			t.Errorf("after %s the source is %+v, want fault %q", step.file, s.Sources[0], step.fault)
		}
		p.stop()
	}
}
