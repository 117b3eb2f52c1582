package tracking_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/tracking"
)

// log is a Sink that keeps copies of what it was given.
type log struct {
	mu      sync.Mutex
	records []record.Record
	err     error
}

func (l *log) Put(_ context.Context, records []record.Record) (record.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return record.Position{}, l.err
	}
	for i := range records { // through the codec: as the road sees them
		r := &records[i]
		if r.Kind == 0 {
			return record.Position{}, errs.New("record_format", "a record without a kind")
		}
		var c record.Record
		if err := record.DecodeEnvelope(record.AppendEnvelope(nil, r), &c); err != nil {
			return record.Position{}, err
		}
		if v := jsontext.Value(c.Props); !v.IsValid() || v.Kind() != '{' {
			return record.Position{}, errs.New("props", "props are no JSON object: "+string(c.Props))
		}
		l.records = append(l.records, c)
	}
	return record.Position{Log: "log", Offsets: []uint64{0, uint64(len(l.records))}}, nil
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

type rig struct {
	*log
	mux      *http.ServeMux
	busy     bool
	observed []tracking.Observation
}

func newRig(t testing.TB) *rig { return newRigHolding(t, 0) }

func newRigHolding(t testing.TB, most int64) *rig {
	t.Helper()
	r := &rig{log: &log{}, mux: http.NewServeMux()}
	h, err := tracking.New([]tracking.Config{
		{Name: "web", WriteKeys: []string{"web-key", "web-key-2"}},
		{Name: "marked", WriteKeys: []string{"marked-key"}, Mark: tracking.Mark{Bots: true, Internal: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}},
		{Name: "located", WriteKeys: []string{"located-key"}, AddIP: true},
		{Name: "small", WriteKeys: []string{"small-key"}, MaxEvent: 200, MaxBatch: 400, MaxEvents: 3},
	}, tracking.Deps{Sink: r.log, Clock: clock.Fixed(noon), Overloaded: func() bool { return r.busy }, MaxHeld: most,
		Observe: func(o tracking.Observation) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.observed = append(r.observed, o)
		}})
	if err != nil {
		t.Fatal(err)
	}
	h.Register(r.mux)
	return r
}

// post sends body with the given headers, "Name: value".
func (r *rig) post(path, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	return w
}

const bearer = "Authorization: Bearer web-key"

// show is what matters of a record, in one line.
func show(r record.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s", r.ID, r.Stream, r.Kind, r.Op)
	for _, f := range []struct{ name, value string }{{"key", r.Key}, {"event", r.Event}, {"reject", r.Reject}} {
		if f.value != "" {
			fmt.Fprintf(&b, " %s=%s", f.name, f.value)
		}
	}
	if r.Alias {
		b.WriteString(" alias")
	}
	for _, id := range r.Identifiers {
		fmt.Fprintf(&b, " %s:%s", id.Type, id.Value)
	}
	return b.String() + " " + string(r.Props)
}

func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		want       []string
	}{
		"identify": {"/v1/identify", `{"messageId":"m","userId":"u1","anonymousId":"a1","traits":{"email":"jo@example.com","phone":"+441632960001","age":30},"context":{"ip":"192.0.2.1"}}`,
			[]string{`m web.users customer patch key=u1 user_id:u1 anonymous_id:a1 email:jo@example.com phone:+441632960001 {"email":"jo@example.com","phone":"+441632960001","age":30}`,
				`m#call web.identifies event upsert event=identify user_id:u1 anonymous_id:a1 {"email":"jo@example.com","phone":"+441632960001","age":30,"context":{"ip":"192.0.2.1"}}`}},
		"identify anonymous": {"/v1/i", `{"messageId":"m","anonymousId":"a1"}`, []string{`m web.users customer patch key=anon:a1 anonymous_id:a1 {}`}},
		"identify traits in context": {"/v1/identify", `{"messageId":"m","userId":"u1","context":{"traits":{"email":"jo@example.com"}}}`, []string{
			`m web.users customer patch key=u1 user_id:u1 email:jo@example.com {"email":"jo@example.com"}`,
			`m#call web.identifies event upsert event=identify user_id:u1 {"context":{"traits":{"email":"jo@example.com"}}}`}},
		"identify numbers":  {"/v1/identify", `{"messageId":"m","userId":42,"traits":[],"type":"track"}`, []string{`m web.users customer patch key=42 user_id:42 {}`}},
		"escapes":           {"/v1/identify", `{"message\u0049d":"m\"","userId":"\u00e9\n","traits":{"\u0065mail":"j\u006f@example.com"}}`, []string{"m\" web.users customer patch key=é\n user_id:é\n email:jo@example.com {\"\\u0065mail\":\"j\\u006f@example.com\"}"}},
		"track":             {"/v1/track", `{"messageId":"m","userId":"u1","event":"Order Completed","properties":{"total":12.5,"items":[{"sku":"a"}]},"context":{"page":{"path":"/"}},"integrations":{"All":false}}`, []string{`m web.events event upsert event=Order Completed user_id:u1 {"total":12.5,"items":[{"sku":"a"}],"context":{"page":{"path":"/"}},"integrations":{"All":false}}`}},
		"track bare":        {"/v1/t", ` {"messageId":"m", "anonymousId":"a1" , "event":"x", "properties":null, "context":{} } `, []string{`m web.events event upsert event=x anonymous_id:a1 {}`}},
		"track own context": {"/v1/track", `{"messageId":"m","userId":"u","event":"x","properties":{"context":1,"cont\u0065xt_":2,"properties_context":3,"integrations":4},"context":{"a":1}}`, []string{`m web.events event upsert event=x user_id:u {"properties_context_":1,"cont\u0065xt_":2,"properties_context":3,"properties_integrations":4,"context":{"a":1}}`}},
		"page":              {"/v1/page", `{"messageId":"m","userId":"u","name":"Home","category":"Shop","properties":{"url":"https://example.com/"}}`, []string{`m web.pages event upsert event=Home user_id:u {"url":"https://example.com/","name":"Home","category":"Shop"}`}},
		"screen":            {"/v1/s", `{"messageId":"m","userId":"u","name":"Home","properties":{"name":"Own"}}`, []string{`m web.screens event upsert event=Home user_id:u {"name":"Own"}`}},
		"group": {"/v1/group", `{"messageId":"m","userId":"u","anonymousId":"a","groupId":"g\"1","traits":{"name":"Harbour"}}`, []string{
			`m web.groups object upsert key=g"1 {"name":"Harbour"}`, `m#member web.users customer patch key=u user_id:u anonymous_id:a {"group_id":"g\"1"}`}},
		"group without traits": {"/v1/g", `{"messageId":"m","anonymousId":"a","groupId":"g1"}`, []string{`m#member web.users customer patch key=anon:a anonymous_id:a {"group_id":"g1"}`}},
		"alias":                {"/v1/alias", `{"messageId":"m","userId":"new","previousId":"old","anonymousId":"a"}`, []string{`m web.aliases event upsert event=alias alias user_id:old user_id:new {"message_fields":{"anonymousId":"a"}}`}},
		"alias of a visitor":   {"/v1/a", `{"messageId":"m","userId":"new","previousId":"a","anonymousId":"a"}`, []string{`m web.aliases event upsert event=alias alias anonymous_id:a user_id:new {}`}},
		"group with context": {"/v1/group", `{"messageId":"m","userId":"u","groupId":"g1","traits":{"name":"Harbour"},"context":{"ip":"192.0.2.1"}}`, []string{
			`m web.groups object upsert key=g1 {"name":"Harbour"}`, `m#member web.users customer patch key=u user_id:u {"group_id":"g1"}`,
			`m#call web.memberships event upsert event=group user_id:u {"name":"Harbour","group_id":"g1","context":{"ip":"192.0.2.1"}}`}},
		"other members": {"/v1/track", `{"messageId":"m","userId":"u","event":"x","properties":{"a":1,"message_fields":2},"channel":"server","_metadata":{"nodeVersion":"20"},"traits":{"b":3},"nothing":null,"timestamp":"2026-11-02T11:00:00Z","originalTimestamp":"2026-11-02T11:30:00Z"}`, []string{
			`m web.events event upsert event=x user_id:u {"a":1,"properties_message_fields":2,"message_fields":{"channel":"server","_metadata":{"nodeVersion":"20"},"traits":{"b":3},"originalTimestamp":"2026-11-02T11:30:00Z"}}`}},
		"page of another category": {"/v1/page", `{"messageId":"m","userId":"u","name":"Home","category":"Shop","properties":{"category":"Own"}}`, []string{`m web.pages event upsert event=Home user_id:u {"category":"Own","name":"Home","message_fields":{"category":"Shop"}}`}},
		"batch": {"/v1/batch", `{"sentAt":"2026-11-02T11:00:00Z","context":{"app":"shop","ip":"192.0.2.1"},"integrations":{"All":true},"batch":[` +
			`{"type":"track","messageId":"1","userId":"u","event":"x","context":{"ip":"192.0.2.9"}},` +
			`{"type":"identify","messageId":"2","userId":"u"},` +
			`{"type":"page","messageId":"3","userId":"u","integrations":{"All":false}}]}`, []string{
			`1 web.events event upsert event=x user_id:u {"context":{"ip":"192.0.2.9","app":"shop"},"integrations":{"All":true}}`,
			`2 web.users customer patch key=u user_id:u {}`,
			`2#call web.identifies event upsert event=identify user_id:u {"context":{"app":"shop","ip":"192.0.2.1"},"integrations":{"All":true}}`,
			`3 web.pages event upsert user_id:u {"context":{"app":"shop","ip":"192.0.2.1"},"integrations":{"All":false}}`}},
		"empty batch": {"/v1/b", `{"batch":[]}`, nil},
		"invalid items": {"/v1/import", `{"batch":[` +
			`{"type":"track","messageId":"1","userId":"u"},` +
			`{"type":"track","messageId":"2","event":"x"},` +
			`{"type":"jump","messageId":"3","userId":"u"},` +
			`{"messageId":"4","userId":"u"},` +
			`{"type":"group","messageId":"5","userId":"u"},` +
			`{"type":"alias","messageId":"6","userId":"u"},` +
			`{"type":"track","messageId":"7","userId":{},"event":"x"},` +
			`{"type":"track","messageId":"8","userId":"u","event":"x","properties":"p"},` +
			`{"type":"track","messageId":"9","userId":"u","event":"x","timestamp":"yesterday"},` +
			`{"type":"page","messageId":"10","userId":"u"}]}`, []string{
			`1 web.events event upsert reject=tracking_event_missing {"type":"track","messageId":"1","userId":"u"}`,
			`2 web.events event upsert reject=tracking_id_missing {"type":"track","messageId":"2","event":"x"}`,
			`3 web.events event upsert reject=tracking_type_unknown {"type":"jump","messageId":"3","userId":"u"}`,
			`4 web.events event upsert reject=tracking_type_unknown {"messageId":"4","userId":"u"}`,
			`5 web.events event upsert reject=tracking_group_missing {"type":"group","messageId":"5","userId":"u"}`,
			`6 web.events event upsert reject=tracking_previous_missing {"type":"alias","messageId":"6","userId":"u"}`,
			`7 web.events event upsert reject=tracking_field_type {"type":"track","messageId":"7","userId":{},"event":"x"}`,
			`8 web.events event upsert reject=tracking_field_type {"type":"track","messageId":"8","userId":"u","event":"x","properties":"p"}`,
			`9 web.events event upsert reject=tracking_timestamp {"type":"track","messageId":"9","userId":"u","event":"x","timestamp":"yesterday"}`,
			`10 web.pages event upsert user_id:u {}`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.post(c.path, c.body, bearer)
			if w.Code != http.StatusOK || w.Body.String() != `{"success":true}` {
				t.Fatal(w.Code, w.Body)
			}
			if pos, err := record.ParseToken(w.Header().Get("Kith-Token")); c.want != nil && (err != nil || pos.Log != "log") {
				t.Error("no token:", err)
			}
			var got []string
			for _, rec := range r.records {
				got = append(got, show(rec))
				if rec.Source != "web" || rec.Received != 0 || rec.Pin != 0 || rec.Hash == 0 {
					t.Errorf("envelope: %+v", rec)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestInvalidItemsThatAreNoObjectsOrNameNoMessage(t *testing.T) {
	r := newRig(t)
	body := `{"batch":["x",{"type":"track"},{"type":"track","messageId":"` + strings.Repeat("m", 101) + `"},` +
		`{"type":"track","messageId":"big","userId":"u","event":"` + strings.Repeat("x", 32<<10) + `"}]}`
	for range 2 {
		if w := r.post("/v1/batch", body, bearer); w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	var codes []string
	for i, rec := range r.records[:4] {
		codes = append(codes, rec.Reject)
		if rec.ID == "" || len(rec.ID) > 100 || rec.ID != r.records[i+4].ID || rec.Hash != r.records[i+4].Hash {
			t.Errorf("the retry of item %d is not seen as one: %q, %q", i, rec.ID, r.records[i+4].ID)
		}
	}
	if want := []string{"tracking_not_object", "tracking_id_missing", "tracking_message_id_long", "tracking_event_large"}; !slices.Equal(codes, want) {
		t.Error(codes)
	}
	if string(r.records[0].Props) != `{"_raw":"x"}` || r.observed[0].Rejected != 4 || r.observed[0].Events != 4 {
		t.Error(string(r.records[0].Props), r.observed[0])
	}
}

func TestRefused(t *testing.T) {
	item := `{"type":"track","messageId":"1","userId":"u","event":"x"}`
	deep := strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200)
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		code       errs.Code
		index      int
	}{
		"no key":               {"/v1/track", item, nil, 401, "tracking_write_key", -1},
		"unknown key":          {"/v1/track", item, []string{"Authorization: Bearer x"}, 401, "tracking_write_key", -1},
		"broken basic":         {"/v1/track", item, []string{"Authorization: Basic %"}, 401, "tracking_write_key", -1},
		"empty":                {"/v1/track", "", []string{bearer}, 400, "tracking_malformed", -1},
		"truncated":            {"/v1/track", item[:20], []string{bearer}, 400, "tracking_malformed", -1},
		"two values":           {"/v1/track", item + item, []string{bearer}, 400, "tracking_malformed", -1},
		"no object":            {"/v1/track", "[" + item + "]", []string{bearer}, 400, "tracking_not_object", -1},
		"batch no object":      {"/v1/batch", "[" + item + "]", []string{bearer}, 400, "tracking_not_object", -1},
		"batch missing":        {"/v1/batch", `{"sentAt":"x"}`, []string{bearer}, 400, "tracking_batch_missing", -1},
		"batch no array":       {"/v1/batch", `{"batch":{}}`, []string{bearer}, 400, "tracking_batch_missing", -1},
		"batch truncated":      {"/v1/batch", `{"batch":[` + item + `,`, []string{bearer}, 400, "tracking_malformed", 1},
		"NaN":                  {"/v1/batch", `{"batch":[` + item + `,` + item + `,{"a":NaN}]}`, []string{bearer}, 400, "tracking_malformed", 2},
		"duplicate name":       {"/v1/batch", `{"batch":[{"a":1,"a":2}]}`, []string{bearer}, 400, "tracking_malformed", 0},
		"duplicate outside":    {"/v1/batch", `{"batch":[],"batch":[]}`, []string{bearer}, 400, "tracking_malformed", -1},
		"UTF-8":                {"/v1/batch", "{\"batch\":[{\"a\":\"\xff\"}]}", []string{bearer}, 400, "tracking_malformed", 0},
		"deep":                 {"/v1/batch", `{"batch":[` + item + `,{"a":` + deep + `}]}`, []string{bearer}, 400, "tracking_too_deep", 1},
		"deep array":           {"/v1/batch", `{"batch":[` + deep + `]}`, []string{bearer}, 400, "tracking_too_deep", 0},
		"deep context":         {"/v1/batch", `{"context":` + deep + `,"batch":[]}`, []string{bearer}, 400, "tracking_too_deep", -1},
		"very deep":            {"/v1/batch", `{"batch":[` + strings.Repeat("[", 100_000), []string{bearer}, 400, "tracking_too_deep", 0},
		"single without event": {"/v1/track", `{"userId":"u"}`, []string{bearer}, 400, "tracking_event_missing", -1},
		"single without id":    {"/v1/page", `{}`, []string{bearer}, 400, "tracking_id_missing", -1},
		"encoding":             {"/v1/track", item, []string{bearer, "Content-Encoding: br"}, 415, "tracking_encoding", -1},
		"no gzip":              {"/v1/track", item, []string{bearer, "Content-Encoding: gzip"}, 400, "tracking_gzip", -1},
		"gzip cut":             {"/v1/track", zip(t, item)[:30], []string{bearer, "Content-Encoding: gzip"}, 400, "tracking_gzip", -1},
		"event too large":      {"/v1/track", `{"userId":"u","event":"` + strings.Repeat("x", 200) + `"}`, []string{"Authorization: Bearer small-key"}, 413, "tracking_too_large", -1},
		"key in body, large":   {"/v1/track", `{"writeKey":"small-key","userId":"u","event":"` + strings.Repeat("x", 200) + `"}`, nil, 413, "tracking_too_large", -1},
		"batch too large":      {"/v1/batch", `{"batch":[` + strings.Repeat(" ", 500<<10) + `]}`, []string{bearer}, 413, "tracking_too_large", -1},
		"too many":             {"/v1/batch", `{"batch":[1,2,3,4]}`, []string{"Authorization: Bearer small-key"}, 413, "tracking_too_many", -1},
		"gzip bomb":            {"/v1/batch", zip(t, strings.Repeat(" ", 8<<20)), []string{bearer, "Content-Encoding: gzip"}, 413, "tracking_too_large", -1},
		"merging bomb":         {"/v1/batch", `{"context":{"a":"` + strings.Repeat("x", 30<<10) + `"},"batch":[` + strings.Repeat(item+",", 2_000) + item + `]}`, []string{bearer}, 413, "tracking_too_large", -1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.post(c.path, c.body, c.headers...)
			var got struct {
				Code    errs.Code `json:"code"`
				Message string    `json:"message"`
				Index   *int      `json:"index"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(w.Code, err)
			}
			if w.Code != c.status || got.Code != c.code || got.Message == "" {
				t.Error(w.Code, w.Body)
			}
			if index := got.Index; (index == nil) != (c.index < 0) || index != nil && *index != c.index {
				t.Error(w.Body)
			}
			if len(r.records) != 0 {
				t.Error("something of a refused request was stored")
			}
			if o := r.observed[0]; o.Code != string(c.code) || o.Status != c.status {
				t.Error(o)
			}
		})
	}
}

func zip(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteKeyInAllPlaces(t *testing.T) {
	item := `{"userId":"u","event":"x"}`
	r := newRig(t)
	for _, w := range []*httptest.ResponseRecorder{
		r.post("/v1/track", item, "Authorization: Basic d2ViLWtleTo="),     // web-key:
		r.post("/v1/track", item, "Authorization: Basic d2ViLWtleS0yOg=="), // web-key-2:
		r.post("/v1/track", item, bearer),
		r.post("/v1/track", `{"writeKey":"web-key","userId":"u","event":"x"}`, "Content-Type: text/plain"),
		r.post("/v1/batch", `{"batch":[{"type":"track","userId":"u","event":"x"}],"writeKey":"web\u002dkey"}`),
		r.post("/v1/b", zip(t, `{"batch":[{"type":"track","userId":"u","event":"x"}],"writeKey":"web-key"}`), "Content-Encoding: gzip"),
	} {
		if w.Code != http.StatusOK {
			t.Error(w.Code, w.Body)
		}
	}
	ids := map[string]bool{}
	for _, rec := range r.records {
		ids[rec.ID] = true
		if len(rec.ID) != 36 || rec.Source != "web" {
			t.Error(show(rec))
		}
	}
	if len(ids) != 6 {
		t.Error("made-up message ids are not unique", ids)
	}
}

func TestRetryLater(t *testing.T) {
	item := `{"userId":"u","event":"x"}`
	for name, c := range map[string]struct {
		err     error
		busy    bool
		headers string
		status  int
		code    string
	}{
		"overloaded":             {errs.New("overloaded", "behind"), false, bearer, 429, "overloaded"},
		"overloaded at the door": {nil, true, bearer, 429, "overloaded"},
		"overloaded and bad key": {nil, true, "Authorization: Bearer x", 429, "overloaded"}, // never a reason to drop
		"disk full":              {fmt.Errorf("appending: %w", errs.New("disk_full", "no room")), false, bearer, 503, "disk_full"},
		"out of reach":           {fmt.Errorf("appending: %w", errs.New("engine_unavailable", "no broker answers")), false, bearer, 503, "engine_unavailable"},
		"anything else":          {errs.New("engine_failed", "sync failed"), false, bearer, 503, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.err, r.busy = c.err, c.busy
			w := r.post("/v1/track", item, c.headers)
			if w.Code != c.status || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"code":"`+c.code+`"`) {
				t.Error(w.Code, w.Header(), w.Body)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		item, sentAt string
		want         time.Time // zero: unsaid
	}{
		"unsaid":              {``, `"2026-11-02T11:00:00Z"`, time.Time{}},
		"as said":             {`"timestamp":"2026-11-01T00:00:00.5+02:00"`, ``, time.Date(2026, 10, 31, 22, 0, 0, 5e8, time.UTC)},
		"clock behind":        {`"timestamp":"2026-11-02T10:59:00Z"`, `"2026-11-02T11:00:00Z"`, noon.Add(-time.Minute)},
		"clock ahead":         {`"originalTimestamp":"2076-01-01T00:00:00Z"`, `"2076-01-01T00:00:10Z"`, noon.Add(-10 * time.Second)},
		"set on purpose":      {`"originalTimestamp":"2026-11-02T10:59:00Z","timestamp":"2001-01-01T00:00:00Z"`, `"2026-11-02T11:00:00Z"`, time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)},
		"own sentAt":          {`"timestamp":"2026-11-02T10:00:00Z","sentAt":"2026-11-02T10:00:01Z"`, `"2026-11-02T11:00:00Z"`, noon.Add(-time.Second)},
		"garbage clock":       {`"timestamp":"1976-01-01T00:00:00Z"`, ``, time.Date(1976, 1, 1, 0, 0, 0, 0, time.UTC)},
		"milliseconds":        {`"timestamp":1767323045678`, ``, time.UnixMilli(1767323045678)},
		"seconds":             {`"timestamp":1767323045`, ``, time.Unix(1767323045, 0)},
		"date":                {`"timestamp":"2026-01-02"`, ``, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
		"beyond what is kept": {`"timestamp":"9999-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)},
		"1970":                {`"timestamp":"1970-01-01T00:00:00Z"`, ``, time.UnixMicro(1)}, // 0 would mean unsaid
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			body := `{"batch":[{"type":"track","userId":"u","event":"x"`
			if c.item != "" {
				body += "," + c.item
			}
			body += `}]`
			if c.sentAt != "" {
				body += `,"sentAt":` + c.sentAt
			}
			if w := r.post("/v1/batch", body+"}", bearer); w.Code != http.StatusOK || r.records[0].Reject != "" {
				t.Fatal(w.Code, w.Body)
			}
			want := int64(0)
			if !c.want.IsZero() {
				want = c.want.UnixMicro()
			}
			if got := r.records[0].Occurred; got != want {
				t.Errorf("got %v, want %v", time.UnixMicro(got).UTC(), c.want)
			}
		})
	}
}

// TestHash: what a library changes when it sends again makes no other body; all else does.
func TestHash(t *testing.T) {
	r := newRig(t)
	for _, body := range []string{
		`{"messageId":"m","userId":"u","event":"x","sentAt":"2026-11-02T11:00:00Z"}`,
		`{"messageId":"m","userId":"u","event":"x","sentAt":"2026-11-02T11:05:00Z"}`,
		`{"messageId":"m","userId":"v","event":"x","sentAt":"2026-11-02T11:00:00Z"}`,
		`{"_metadata":{"retryCount":1},"messageId":"m","userId":"u","event":"x","sentAt":"1"}`,
		`{"_metadata":{"retryCount":22},"messageId":"m","userId":"u","event":"x","sentAt":"2"}`,
	} {
		if w := r.post("/v1/track", body, bearer); w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	h := func(i int) uint64 { return r.records[i].Hash }
	if h(0) != h(1) || h(0) == h(2) || h(3) != h(4) {
		t.Error(h(0), h(1), h(2), h(3), h(4))
	}
	item := `{"type":"track","messageId":"m","userId":"u","event":"x"}`
	r.post("/v1/batch", `{"context":{"a":1},"sentAt":"2026-11-02T11:00:00Z","batch":[`+item+`]}`, bearer)
	r.post("/v1/batch", `{"batch":[`+item+`]}`, bearer)
	if h(5) != h(6) {
		t.Error("the envelope is part of the hash")
	}
}

func TestBrowser(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/v1/t", "/v1/batch", "/v1/projects/web-key/settings"} {
		req := httptest.NewRequestWithContext(context.Background(), http.MethodOptions, path, nil)
		req.Header.Set("Origin", "https://shop.example.com")
		req.Header.Set("Access-Control-Request-Headers", "authorization, x-own")
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, req)
		if h := w.Header(); w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "x-own") {
			t.Error(path, w.Code, w.Header())
		}
	}
	if w := r.post("/v1/t", `{`, bearer); w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("a page cannot read why its call failed")
	}
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://kith.example.com:8471/v1/projects/web-key/settings", nil))
	var got struct {
		Integrations map[string]map[string]any `json:"integrations"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	if s := got.Integrations["Segment.io"]; s["apiKey"] != "web-key" || s["apiHost"] != "kith.example.com:8471/v1" || s["protocol"] != "http" {
		t.Error(s)
	}
	w = httptest.NewRecorder()
	r.mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v1/projects/other/settings", nil))
	if w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := newRig(t)
	srv := httptest.NewServer(r.mux)
	defer srv.Close()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				body := fmt.Sprintf(`{"writeKey":"web-key","batch":[{"type":"track","messageId":"%d-%d","userId":"u-%d-%d","event":"\u0065vent %d-%d","properties":{"n":"%d-%d"},"context":{"a":1}}],"context":{"b":2}}`, g, i, g, i, g, i, g, i)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/v1/batch", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	if len(r.records) != 160 {
		t.Fatal(len(r.records))
	}
	for _, rec := range r.records { // buffers are shared: nothing may be mixed up
		want := fmt.Sprintf(`%s web.events event upsert event=event %s user_id:u-%s {"n":"%s","context":{"a":1,"b":2}}`, rec.ID, rec.ID, rec.ID, rec.ID)
		if got := show(rec); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// slow is a body that gives what it has and then waits for its end.
type slow struct {
	have io.Reader
	seen chan<- struct{} // told once all was taken
	end  <-chan struct{}
}

func (s *slow) Read(p []byte) (int, error) {
	if n, err := s.have.Read(p); n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	if s.seen != nil {
		close(s.seen)
		s.seen = nil
	}
	<-s.end
	return 0, io.EOF
}

// Clients that send the most there may be, and never the end, cost bounded memory.
func TestSlowBodiesAreBounded(t *testing.T) {
	r := newRigHolding(t, 2<<20)
	post := func(body io.Reader) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/batch", body)) // its key would come at the end
		return w
	}
	end := make(chan struct{})
	var group sync.WaitGroup
	waiting := 0
	for refused := false; !refused; {
		seen, answered := make(chan struct{}), make(chan int, 1)
		group.Go(func() {
			answered <- post(&slow{have: strings.NewReader(`{"batch":["` + strings.Repeat("a", 400_000)), seen: seen, end: end}).Code
		})
		select {
		case <-seen:
			if waiting++; waiting > 10 {
				t.Fatal("bodies of 4 MB are held where 2 MiB are allowed")
			}
		case code := <-answered:
			if refused = true; code != http.StatusTooManyRequests {
				t.Errorf("answered %d", code)
			}
		}
	}
	if waiting == 0 {
		t.Error("not one body is taken")
	}
	close(end)
	group.Wait()
	for range 100 { // all of it was given back
		if w := post(strings.NewReader(`{"writeKey":"web-key","batch":[{"type":"track","userId":"u","event":"` + strings.Repeat("e", 20_000) + `"}]}`)); w.Code != http.StatusOK {
			t.Fatalf("after them: %d %s", w.Code, w.Body)
		}
	}
}

func TestBadConfig(t *testing.T) {
	_, err := tracking.New([]tracking.Config{{}, {Name: "a", WriteKeys: []string{"k"}}, {Name: "b", WriteKeys: []string{"k"}, MaxEvent: -1}, {Name: "c", WriteKeys: []string{"k"}}}, tracking.Deps{})
	for _, want := range []string{"no name", "at least one write key", "must not be negative", "used twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func FuzzBatch(f *testing.F) {
	for _, s := range []string{`{"batch":[]}`, `{"batch":[1,"x",{},[]],"context":{"a":1},"integrations":[]}`,
		`{"batch":[{"type":"track","userId":"u","event":"x","properties":{"context":{},"a":[1,{"b":"}"}]},"context":{"a":2},"timestamp":1e300}],"context":{"a":1,"\u0062":2},"sentAt":"2026-11-02T11:00:00Z"}`,
		`{"batch":[{"type":"group","userId":"u","groupId":"g","traits":{"a":1}},{"type":"alias","userId":"u","previousId":"\ud83d\ude00"}]}`,
		string(benchBatch(1))} {
		f.Add(s)
	}
	r := newRig(f)
	f.Fuzz(func(t *testing.T, body string) {
		r.records, r.observed = r.records[:0], r.observed[:0]
		w := r.post("/v1/batch", body, bearer)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default: // 503: the sink met a record that no road could read
			t.Fatal(w.Code, w.Body)
		}
		if valid := jsontext.Value(body).IsValid(); w.Code == http.StatusOK && !valid {
			t.Fatal("accepted what is no JSON")
		}
	})
}

func FuzzCall(f *testing.F) {
	f.Add("track", `{"userId":"u","event":"x","properties":{"a":1}}`)
	f.Add("identify", `{"userId":"u","traits":{"email":"jo@example.com"},"sentAt":"x"}`)
	f.Add("page", `{"anonymousId":"u","name":null,"category":{"a":[]}}`)
	r := newRig(f)
	f.Fuzz(func(t *testing.T, path, body string) {
		if !slices.Contains([]string{"identify", "track", "page", "screen", "group", "alias"}, path) {
			path = "track"
		}
		r.records, r.observed = r.records[:0], r.observed[:0]
		switch w := r.post("/v1/"+path, body, bearer); w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatal(w.Code, w.Body)
		}
	})
}

// TestAddIP: a call's context has the request's address where it names none of its own.
func TestAddIP(t *testing.T) {
	for name, c := range map[string]struct{ remote, path, body, want string }{
		"no context":      {"192.0.2.7:1", "track", `{"userId":"u","event":"x"}`, `{"context":{"ip":"192.0.2.7"}}`},
		"a context":       {"192.0.2.7:1", "track", `{"userId":"u","event":"x","context":{"locale":"en"}}`, `{"context":{"locale":"en","ip":"192.0.2.7"}}`},
		"its own":         {"192.0.2.7:1", "track", `{"userId":"u","event":"x","context":{"ip":"198.51.100.1"}}`, `{"context":{"ip":"198.51.100.1"}}`},
		"a batch's":       {"192.0.2.7:1", "batch", `{"context":{"a":1},"batch":[{"type":"track","userId":"u","event":"x"}]}`, `{"context":{"a":1,"ip":"192.0.2.7"}}`},
		"a batch's own":   {"192.0.2.7:1", "batch", `{"context":{"ip":"198.51.100.1"},"batch":[{"type":"track","userId":"u","event":"x"}]}`, `{"context":{"ip":"198.51.100.1"}}`},
		"IPv6":            {"[2001:db8::7%eth0]:1", "track", `{"userId":"u","event":"x"}`, `{"context":{"ip":"2001:db8::7"}}`},
		"unknown address": {"", "track", `{"userId":"u","event":"x"}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/"+c.path, strings.NewReader(c.body))
			req.RemoteAddr = c.remote
			req.SetBasicAuth("located-key", "")
			w := httptest.NewRecorder()
			r.mux.ServeHTTP(w, req)
			if w.Code != http.StatusOK || string(r.records[0].Props) != c.want {
				t.Errorf("%d: got %s, want %s", w.Code, r.records[0].Props, c.want)
			}
		})
	}
}

// TestMark: what a robot or somebody of the house did is kept, and told to be that.
func TestMark(t *testing.T) {
	for name, c := range map[string]struct{ agent, context, properties, want string }{
		"a person":                    {"Mozilla/5.0 (X11; Linux x86_64)", `{}`, `{}`, `{"is_bot":false,"is_internal":false}`},
		"a robot asks":                {"Examplebot/2.1", `{}`, `{}`, `{"is_bot":true,"is_internal":false}`},
		"a server tells of a robot":   {"analytics-node-next/latest", `{"userAgent":"Mozilla/5.0 (compatible; ExampleBot/2.1)"}`, `{}`, `{"is_bot":true,"is_internal":false,"context":{"userAgent":"Mozilla/5.0 (compatible; ExampleBot/2.1)"}}`},
		"a robot's server, a person":  {"ExampleBot/2.1", `{"userAgent":"Mozilla/5.0"}`, `{}`, `{"is_bot":false,"is_internal":false,"context":{"userAgent":"Mozilla/5.0"}}`},
		"one of the house":            {"", `{"ip":"10.1.2.3"}`, `{}`, `{"is_bot":false,"is_internal":true,"context":{"ip":"10.1.2.3"}}`},
		"one of the house, as IPv6":   {"", `{"ip":"::ffff:10.1.2.3"}`, `{}`, `{"is_bot":false,"is_internal":true,"context":{"ip":"::ffff:10.1.2.3"}}`},
		"no address":                  {"", `{"ip":"the 10th"}`, `{}`, `{"is_bot":false,"is_internal":false,"context":{"ip":"the 10th"}}`},
		"properties with these names": {"", `{}`, `{"is_bot":"no","a":1}`, `{"properties_is_bot":"no","a":1,"is_bot":false,"is_internal":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			w := r.post("/v1/track", `{"userId":"u","event":"x","properties":`+c.properties+`,"context":`+c.context+`}`, "Authorization: Bearer marked-key", "User-Agent: "+c.agent)
			if w.Code != http.StatusOK || string(r.records[0].Props) != c.want {
				t.Errorf("%d: got %s, want %s", w.Code, r.records[0].Props, c.want)
			}
		})
	}
	r := newRig(t)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/track", strings.NewReader(`{"writeKey":"marked-key","userId":"u","event":"x"}`))
	req.RemoteAddr = "[2001:db8::7]:4711"
	r.mux.ServeHTTP(httptest.NewRecorder(), req)
	if got := string(r.records[0].Props); got != `{"is_bot":false,"is_internal":true}` {
		t.Errorf("asked from an internal address: %s", got)
	}
}
