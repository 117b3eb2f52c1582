//go:build integration

package survive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// badFile is a project whose doors are open to anything.
const badFile = `name: hostile
data: ./data
sources:
  web:    {type: tracking, write_keys: [` + writeKey + `]}
  hook:   {type: webhook, verify: {scheme: none}}
  signed: {type: webhook, verify: {scheme: github, secrets: [a-made-up-secret]}}
  people: {type: file, path: "sources/people*.csv*", poll: 100ms}
  things: {type: file, path: "sources/things*.ndjson*", poll: 100ms}
streams:
  people.rows:
    kind: customer
    key: id
    occurred: at
    identifiers: {email: email, phone: phone}
    attributes: {name: name, email: {from: email, clean: [email]}, phone: {from: phone, clean: [{phone: {region: GB}}]}}
  hook.events: {kind: event}
  signed.events: {kind: event}
  things.rows:
    kind: object
    key: id
    identifiers: {email: email}
identity:
  identifiers:
    - {type: user_id, max_per_profile: 1}
    - {type: email, max_per_profile: 5, max_neighbours: 20}
    - {type: phone, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 5}
server: {listen: "127.0.0.1:0"}
`

// marker is in every name, address and key that the hostile data holds: it must show
// up in no log, no metric and no text of a fault (I6).
const marker = "zqmarker"

// hostile is one request that must be refused.
type hostile struct {
	name, method, path string
	body               []byte
	header             []string
	status             int
	code               string
}

func zip(write func(io.Writer)) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write(z)
	_ = z.Close() // a buffer takes all
	return b.Bytes()
}

// repeated writes text n times.
func repeated(text string, n int) func(io.Writer) {
	return func(w io.Writer) {
		block := []byte(strings.Repeat(text, 1+(1<<16)/len(text)))
		for left := n * len(text); left > 0; left -= len(block) {
			_, _ = w.Write(block[:min(left, len(block))]) // looked at where it is read
		}
	}
}

func webBatch(events ...string) []byte {
	return []byte(`{"writeKey":"` + writeKey + `","batch":[` + strings.Join(events, ",") + `]}`)
}

func hostiles() []hostile {
	key := []string{"Authorization", "Bearer " + writeKey}
	zipped := append([]string{"Content-Encoding", "gzip"}, key...)
	deep := strings.Repeat("[", 100_000)
	event := `{"type":"track","event":"x","userId":"` + marker + `"}`
	return []hostile{
		{"malformed", "POST", "/v1/batch", webBatch(`{"type":"track",,"userId":"` + marker + `"}`), nil, 400, "tracking_malformed"},
		{"truncated", "POST", "/v1/batch", webBatch(event)[:60], key, 400, "tracking_malformed"},
		{"no JSON", "POST", "/v1/track", []byte("userId=" + marker), key, 400, "tracking_malformed"},
		{"empty", "POST", "/v1/track", nil, key, 400, "tracking_malformed"},
		{"deep arrays", "POST", "/v1/batch", webBatch(`{"type":"track","properties":{"a":` + deep + strings.Repeat("]", 100_000) + `}}`), nil, 400, "tracking_too_deep"},
		{"deep objects", "POST", "/v1/batch", []byte(`{"batch":` + strings.Repeat(`{"a":`, 90_000)), key, 400, "tracking_too_deep"},
		{"a name twice", "POST", "/v1/track", []byte(`{"userId":"` + marker + `","event":"x","userId":"b"}`), key, 400, "tracking_malformed"},
		{"NaN", "POST", "/v1/track", []byte(`{"userId":"` + marker + `","event":"x","properties":{"v":NaN}}`), key, 400, "tracking_malformed"},
		{"invalid UTF-8", "POST", "/v1/track", []byte("{\"userId\":\"" + marker + "\xff\xfe\",\"event\":\"x\"}"), key, 400, "tracking_malformed"},
		{"half a surrogate", "POST", "/v1/track", []byte(`{"userId":"` + marker + `\ud800","event":"x"}`), key, 400, "tracking_malformed"},
		{"a gzip bomb", "POST", "/v1/batch", zip(repeated(" ", 200<<20)), zipped, 413, "tracking_too_large"},
		{"no gzip", "POST", "/v1/batch", webBatch(event), zipped, 400, "tracking_gzip"},
		{"half a gzip", "POST", "/v1/batch", zip(repeated(event, 1000))[:40], zipped, 400, "tracking_gzip"},
		{"another encoding", "POST", "/v1/batch", webBatch(event), append([]string{"Content-Encoding", "br"}, key...), 415, "tracking_encoding"},
		{"wrong key", "POST", "/v1/track", []byte(event), []string{"Authorization", "Bearer " + marker}, 401, "tracking_write_key"},
		{"wrong key in the body", "POST", "/v1/batch", []byte(`{"writeKey":"` + marker + `","batch":[` + event + `]}`), nil, 401, "tracking_write_key"},
		{"no key", "POST", "/v1/track", []byte(event), nil, 401, "tracking_write_key"},
		{"a body too large", "POST", "/v1/batch", bytes.Repeat([]byte(" "), 20<<20), key, 413, "tracking_too_large"},
		{"an event too large", "POST", "/v1/track", []byte(`{"userId":"` + marker + `","event":"` + strings.Repeat("x", 40<<10) + `"}`), key, 413, "tracking_too_large"},
		{"too many events", "POST", "/v1/batch", webBatch(strings.Repeat(`{},`, 2_500) + `{}`), nil, 413, "tracking_too_many"},
		{"a batch of nothing", "POST", "/v1/batch", []byte(`{"writeKey":"` + writeKey + `"}`), nil, 400, "tracking_batch_missing"},
		{"a webhook, deep arrays", "POST", "/hooks/hook", []byte(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), nil, 400, "hook_too_deep"},
		{"a webhook, deep objects", "POST", "/hooks/hook", []byte(strings.Repeat(`{"a":`, 10_000)), nil, 400, "hook_too_deep"},
		{"a webhook, a gzip bomb", "POST", "/hooks/hook", zip(repeated(" ", 200<<20)), []string{"Content-Encoding", "gzip"}, 413, "hook_too_large"},
		{"a webhook, a form of a million fields", "POST", "/hooks/hook", []byte(strings.Repeat("a=1&", 1_000_000)), []string{"Content-Type", "application/x-www-form-urlencoded"}, 413, "hook_too_many"},
		{"a webhook, malformed", "POST", "/hooks/hook", []byte(`{"email":"` + marker), nil, 400, "hook_malformed"},
		{"a webhook, a body too large", "POST", "/hooks/hook", bytes.Repeat([]byte(" "), 20<<20), nil, 413, "hook_too_large"},
		{"a webhook, unsigned", "POST", "/hooks/signed", []byte(`{"email":"` + marker + `"}`), nil, 401, "hook_signature"},
		{"a webhook, signed by another", "POST", "/hooks/signed", []byte(`{"email":"` + marker + `"}`), []string{"X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64)}, 401, "hook_signature"},
		{"a webhook, deep and unsigned", "POST", "/hooks/signed", []byte(strings.Repeat(`{"a":`, 10_000)), []string{"X-Hub-Signature-256", "sha256=00"}, 401, "hook_signature"},
		{"a wrong API key", "GET", "/api/status", nil, []string{"Authorization", "Bearer " + marker}, 401, "unauthenticated"},
		{"a write key at the API", "GET", "/api/status", nil, key, 401, "unauthenticated"},
		{"no such place", "GET", "/api/" + marker, nil, nil, 404, "route_unknown"},
	}
}

// hostileAdmin are requests with an admin's key that must be refused.
func hostileAdmin() []hostile {
	return []hostile{
		{"malformed", "POST", "/api/profiles/lookup", []byte(`{"identifiers":[{"type":"email","value":"` + marker), nil, 400, "bad_body"},
		{"deep", "POST", "/api/decisions", []byte(strings.Repeat(`{"a":`, 100_000)), nil, 400, "bad_body"},
		{"a name twice", "POST", "/api/sql", []byte(`{"query":"select 1","query":"select '` + marker + `'"}`), nil, 400, "bad_body"},
		{"too large", "POST", "/api/sql", bytes.Repeat([]byte(" "), 4<<20), nil, 413, "body_too_large"},
		{"no SQL", "POST", "/api/sql", []byte(`{"query":"selekt '` + marker + `'"}`), nil, 400, "sql_refused"},
		{"SQL on nothing", "POST", "/api/sql", []byte(`{"query":"select x from no_such_table where x = '` + marker + `'"}`), nil, 400, "sql_bad"},
		{"SQL on files", "POST", "/api/sql", []byte(`{"query":"select * from read_csv('/etc/passwd')"}`), nil, 400, ""},
		{"SQL that writes", "POST", "/api/sql", []byte(`{"query":"delete from dim_customer"}`), nil, 400, ""},
	}
}

// TestBadInput: a coded answer or a quarantined record with that code for each, the
// ledger balanced, the server up, its memory bounded, and nothing of it told (I4, I6).
func TestBadInput(t *testing.T) {
	p := newProject(t, badFile)
	if err := os.MkdirAll(p.path("sources"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.start("--verbose")
	pid := p.pid
	admin := []string{"Authorization", "Bearer " + p.key}
	// Each from several callers at once: what one may hold in memory, many do.
	for range 2 {
		var wg sync.WaitGroup
		for _, h := range hostiles() {
			wg.Go(func() { p.refused(h) })
		}
		for _, h := range hostileAdmin() {
			h.name, h.header = "admin: "+h.name, admin
			wg.Go(func() { p.refused(h) })
		}
		wg.Wait()
	}
	p.brokenBody()
	records, reasons := p.acceptedWithFaults()
	rows, fileReasons := p.hostileFiles()
	for code, n := range fileReasons {
		reasons[code] += n
	}
	shared := p.shared(sharedPeople)
	l := p.drained(uint64(records+rows+shared), 2*time.Minute, "web", "people", "things")
	p.quarantined(reasons)
	if l.Pending != 0 || p.pid != pid || !alive(pid) {
		t.Errorf("the server is not the one that was started, or has %d records pending", l.Pending)
	}
	// Everyone with the shared telephone is still a person of their own.
	if n := p.sql("select count(*) from dim_customer where is_current and email like 'shared.%'")[0][0]; n != fmt.Sprint(shared) {
		t.Errorf("%d people who share a telephone became %s", shared, n)
	}
	most := p.peak()
	t.Logf("%d records, %d of them people with one telephone; at most %d MiB resident", l.Accepted, shared, most)
	if most > mostMemory {
		t.Errorf("the server had %d MiB resident, more than %d", most, mostMemory)
	}
	metrics, err := p.ask(http.MethodGet, "/metrics", nil, admin...)
	if err != nil || metrics.status != http.StatusOK {
		t.Fatalf("the metrics cannot be read: %v %v", metrics, err)
	}
	said := p.said()
	if !strings.Contains(said, "file_gzip") {
		t.Error("the log says nothing of the damaged archive")
	}
	for what, text := range map[string]string{"log": said, "metrics": string(metrics.body)} {
		if at := strings.Index(strings.ToLower(text), marker); at >= 0 {
			t.Errorf("personal data in the %s: …%s…", what, text[max(0, at-200):min(len(text), at+80)])
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
}

// refused sends h and holds the answer against what it must be.
func (p *project) refused(h hostile) {
	a, err := p.ask(h.method, h.path, h.body, h.header...)
	switch {
	case err != nil:
		// A server may close a connection whose body it will not read.
		if !strings.Contains(err.Error(), "broken pipe") && !strings.Contains(err.Error(), "connection reset") {
			p.t.Errorf("%s: %v", h.name, err)
		}
	case a.status != h.status || h.code != "" && a.code != h.code || a.code == "":
		p.t.Errorf("%s: answered %s, want %d %s", h.name, a, h.status, h.code)
	case strings.Contains(strings.ToLower(string(a.body)), marker):
		p.t.Errorf("%s: the answer repeats personal data: %s", h.name, a)
	}
}

// brokenBody promises more than it sends.
func (p *project) brokenBody() {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: 5000\r\n\r\n{\"batch\":[", writeKey)
	if err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusRequestTimeout || !bytes.Contains(body, []byte("tracking_body_incomplete")) {
		p.t.Errorf("a body that breaks off is answered %d %s", resp.StatusCode, body)
	}
}

// acceptedWithFaults sends batches that are taken, whose bad items go to quarantine.
// It gives how many records that makes, and the reasons.
func (p *project) acceptedWithFaults() (records int, reasons map[string]int) {
	p.t.Helper()
	send := func(events ...string) {
		p.t.Helper()
		a, err := p.ask(http.MethodPost, "/v1/batch", webBatch(events...))
		if err != nil || a.status != http.StatusOK {
			p.t.Fatalf("a batch with bad items is answered %v: %v", a, err)
		}
		records += len(events)
	}
	who := `"userId":"` + marker + `-1"`
	send(
		`{"type":"dance",`+who+`}`,
		`{"type":"track",`+who+`}`,
		`{"type":"track","event":"x"}`,
		`{"type":"track","event":{"no":"text"},`+who+`}`,
		`{"type":"track","event":"x","timestamp":"the day before `+marker+`",`+who+`}`,
		`{"type":"group",`+who+`}`,
		`{"type":"alias",`+who+`}`,
		`{"type":"track","event":"x","messageId":"`+strings.Repeat("m", 200)+`",`+who+`}`,
		`"`+marker+`"`,
		`{"type":"track","event":"x","properties":{"a":"`+strings.Repeat(marker, 5000)+`"},`+who+`}`,
	)
	// Clocks fifty years off, both ways: believed by nobody, refused by nobody.
	send(
		`{"type":"identify",`+who+`,"timestamp":"2076-01-01T00:00:00Z","traits":{"email":"`+marker+`.future@example.com"}}`,
		`{"type":"identify",`+who+`,"timestamp":"1976-01-01T00:00:00Z","traits":{"email":"`+marker+`.past@example.com"}}`,
		`{"type":"track","event":"x",`+who+`,"timestamp":"2076-01-01T00:00:00Z","sentAt":"1976-01-01T00:00:00Z"}`,
		`{"type":"track","event":"x",`+who+`,"timestamp":"0001-01-01T00:00:00Z"}`,
		`{"type":"track","event":"x",`+who+`,"timestamp":"9999-12-31T23:59:59Z"}`,
	)
	// One id with two bodies.
	send(`{"type":"track","event":"x","messageId":"twice",`+who+`}`, `{"type":"track","event":"y","messageId":"twice",`+who+`}`)
	return records, map[string]int{"tracking_type_unknown": 1, "tracking_event_missing": 1, "tracking_id_missing": 1, "tracking_field_type": 1,
		"tracking_timestamp": 1, "tracking_group_missing": 1, "tracking_previous_missing": 1, "tracking_message_id_long": 1,
		"tracking_not_object": 1, "tracking_event_large": 1, "message_id_reused": 1}
}

// hostileFiles lays files out for the watching sources. It gives the rows they make,
// and the reasons for which some are set aside.
func (p *project) hostileFiles() (rows int, reasons map[string]int) {
	p.t.Helper()
	reasons = map[string]int{}
	person := func(n int) string {
		return fmt.Sprintf("%s-%d,%s %d,%s.%d@example.com,,2024-01-01\n", marker, n, marker, n, marker, n)
	}
	const header = "id,name,email,phone,at\n"
	file := func(name string, good int, bad map[string]int, write func(io.Writer)) {
		p.t.Helper()
		f, err := os.Create(p.path("new"))
		if err != nil {
			p.t.Fatal(err)
		}
		w := bufio.NewWriter(f)
		write(w)
		if err := w.Flush(); err != nil {
			p.t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			p.t.Fatal(err)
		}
		final := filepath.Join("sources", name)
		if err := os.Rename(p.path("new"), p.path(final)); err != nil {
			p.t.Fatal(err)
		}
		rows += good
		for code, n := range bad {
			rows += n
			reasons[code] += n
		}
	}
	text := func(parts ...string) func(io.Writer) {
		return func(w io.Writer) {
			for _, part := range parts {
				_, _ = io.WriteString(w, part) // a bufio.Writer keeps its first error for Flush
			}
		}
	}
	file("people-ragged.csv", 2, map[string]int{"csv_too_few": 1, "csv_too_many": 1}, text(header, person(1), marker+",too few\n", person(2), "a,b,c,d,e,f,"+marker+"\n"))
	file("people-long.csv", 2, map[string]int{"line_too_long": 1}, func(w io.Writer) {
		text(header, person(3), marker+",")(w)
		repeated(marker, (100<<20)/len(marker))(w)
		text("\n", person(4))(w)
	})
	file("people-quote.csv", 1, map[string]int{"csv_quote_unclosed": 1}, text(header, `"`+marker+",never closed\n", person(5)))
	file("people-nul.csv", 1, map[string]int{"csv_nul_byte": 1}, text(header, marker+"\x00,a,b,c,d\n", person(6)))
	file("people-bomb.csv.gz", 1, map[string]int{"line_too_long": 1}, func(w io.Writer) {
		_, _ = w.Write(zip(func(z io.Writer) {
			text(header, person(7), marker)(z)
			repeated("0", 200<<20)(z)
		}))
	})
	whole := zip(func(z io.Writer) {
		text(header)(z)
		for n := range 1000 {
			text(person(100 + n))(z)
		}
	})
	file("people-damaged.csv.gz", 0, nil, text(string(whole[:20]), "\xff\xff\xff\xff", string(whole[24:60])))
	file("people-clocks.csv", 2, nil, text(header, strings.Replace(person(8), "2024", "2076", 1), strings.Replace(person(9), "2024", "1974", 1)))

	thing := func(n int) string {
		return fmt.Sprintf(`{"id":"t%d","email":"%s.%d@example.com","n":%d}`+"\n", n, marker, n, n)
	}
	file("things.ndjson", 2, map[string]int{"json_malformed": 6, "json_not_object": 2}, text(
		thing(1), `{"id":"a","email":"`+marker+"\n", `{"id":"b",,}`+"\n", `{"id":"c","id":"`+marker+`"}`+"\n", `{"id":"d","v":NaN}`+"\n",
		"{\"id\":\"e\",\"name\":\""+marker+"\xff\"}\n", `{"id":"f"} `+marker+"\n", `["`+marker+`"]`+"\n", `"`+marker+`"`+"\n", thing(2)))
	file("things-long.ndjson", 1, map[string]int{"line_too_long": 1}, func(w io.Writer) {
		text(`{"id":"g","x":"`)(w)
		repeated(marker, (100<<20)/len(marker))(w)
		text("\"}\n", thing(3))(w)
	})
	file("things-deep.ndjson", 1, map[string]int{"json_too_deep": 2}, text(
		`{"id":"h","x":`+strings.Repeat("[", 5_000)+strings.Repeat("]", 5_000)+"}\n",
		`{"id":"i","x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}\n", thing(4)))
	file("things-number.ndjson", 1, map[string]int{"json_number": 1}, text(`{"id":"i","n":1e999}`+"\n", thing(5)))
	file("things-wide.ndjson", 1, map[string]int{"contract_fields": 1}, text(`{"id":"j"`+wide(20_000)+"}\n", thing(6)))
	file("things-bomb.ndjson.gz", 1, map[string]int{"line_too_long": 1}, func(w io.Writer) {
		_, _ = w.Write(zip(func(z io.Writer) {
			text(thing(7))(z)
			repeated("[", 200<<20)(z)
		}))
	})
	return rows, reasons
}

// wide is the members of an object with n names that no other has.
func wide(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%s%d":%d`, marker, i, i)
	}
	return b.String()
}

// shared writes n people with one telephone, and gives n.
func (p *project) shared(n int) int {
	p.t.Helper()
	var b strings.Builder
	b.WriteString("id,name,email,phone,at\n")
	for i := range n {
		fmt.Fprintf(&b, "s%d,%s %d,shared.%d.%s@example.com,07400 123456,2024-02-01\n", i, marker, i, i, marker)
	}
	p.write(filepath.Join("sources", "people-shared.csv"), b.String())
	return n
}

// quarantined holds the reasons in the quarantine against what they must be.
func (p *project) quarantined(want map[string]int) {
	p.t.Helper()
	var out struct {
		Reasons []struct {
			Code  string `json:"code"`
			Count int    `json:"count"`
		} `json:"items"`
	}
	p.must(http.MethodGet, "/api/quarantine/reasons", nil, &out)
	got := map[string]int{}
	for _, r := range out.Reasons {
		got[r.Code] += r.Count
	}
	for code, n := range want {
		if got[code] != n {
			p.t.Errorf("%d records are quarantined as %s, want %d", got[code], code, n)
		}
	}
	for code, n := range got {
		if want[code] == 0 {
			p.t.Errorf("%d records are quarantined as %s, want none", n, code)
		}
	}
}
