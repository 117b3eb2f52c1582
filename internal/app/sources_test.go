package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/app"
)

// TestStatusTellsOfSources has a file with a row that cannot be read, a request that
// is taken and one that is not.
func TestStatusTellsOfSources(t *testing.T) {
	p := newProject(t)
	const rows = contacts + "4,dora,dora@example.com,30,2026-01-05,one too many\n"
	p.write("in/contacts.csv", rows)
	sources := func() []api.Source {
		var s api.Status
		p.ask("GET", "/api/status", "", &s)
		return s.Sources
	}
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	<-p.app.FilesDone()
	p.ask("POST", "/v1/batch", webCalls, nil)
	if status, _, _ := p.call("POST", "/v1/batch", "nonsense"); status != 400 {
		t.Errorf("nonsense was answered %d", status)
	}
	size := int64(len(rows))
	want := []api.Source{
		{Name: "crm", Type: "file", State: api.SourceDone, Records: 4, Rejected: 1, Files: 1, Bytes: size, TotalBytes: size},
		{Name: "web", Type: "tracking", State: api.SourceListening, Records: 4},
	}
	if diff := cmp.Diff(want, sources()); diff != "" {
		t.Error(diff)
	}
	_, _, text := p.call("GET", "/metrics", "")
	for _, line := range []string{
		`kith_source_records_total{source="crm"} 4`, `kith_source_files_total{source="crm"} 1`, `kith_source_reading{source="crm"} 0`,
		`kith_source_records_total{source="web"} 4`, `kith_tracking_requests_total{code="ok",source="web"} 1`,
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	p.stop()
	offline, err := p.tryOpen(app.Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = offline.Close() }()
	if p.app = offline; len(sources()) != 0 {
		t.Errorf("where no server runs, sources are told of: %v", sources())
	}
}
