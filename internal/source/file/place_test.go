package file_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// depot is a place as a test sees it: somewhere to put files.
type depot interface {
	put(name, content string)
	remove(name string)
	// configure points a source at what lies below, such as *.csv.
	configure(c *file.Config, glob string)
}

// depots are the places that this package can test by itself.
func depots(t *testing.T) map[string]func() depot {
	return map[string]func() depot{
		"folder": func() depot { return &folderDepot{t, t.TempDir()} },
		"s3":     func() depot { return newStore(t) },
		"sftp":   func() depot { return newSSHServer(t) },
	}
}

// placed gives a rig whose files lie in a depot.
func placed(t *testing.T, d depot, glob string) *rig {
	r := newRig(t, glob)
	d.configure(&r.cfg, glob)
	return r
}

// TestPlaces is what every place has to do: new, grown, changed, renamed and delivered
// again, each with no double effect.
func TestPlaces(t *testing.T) {
	for name, make := range depots(t) {
		t.Run(name, func(t *testing.T) { testPlace(t, make()) })
	}
}

func testPlace(t *testing.T, d depot) {
	r := placed(t, d, "crm-*.csv")
	a := "id,name\n1,Ann\n2,Bob\n"
	d.put("crm-1.csv", a)
	d.put("other.csv", "id\n9\n")
	r.run()
	first := []string{`1:1 {"id":"1","name":"Ann"}`, `1:2 {"id":"2","name":"Bob"}`}
	r.want(first...)
	if r.last.Bytes != int64(len(a)) || r.last.TotalBytes != int64(len(a)) || r.last.Files != 1 || !r.last.Idle {
		t.Errorf("%+v", r.last)
	}
	d.put("crm-1.csv", a) // delivered again
	d.put("crm-2.csv", a) // and under another name
	r.run()
	r.want(first...)

	d.remove("crm-1.csv")
	d.put("crm-2.csv", a+"3,Cy\n") // grown
	r.run()
	first = append(first, `1:3 {"id":"3","name":"Cy"}`)
	r.want(first...)

	d.remove("crm-2.csv")
	d.put("crm-3.csv", a+"3,Cy\n4,Dee\n") // renamed and grown
	r.run()
	first = append(first, `1:4 {"id":"4","name":"Dee"}`)
	r.want(first...)

	d.put("crm-3.csv", "id,name\n1,Anne\n") // changed
	r.run()
	first = append(first, `2:1 {"id":"1","name":"Anne"}`)
	r.want(first...)
	if r.log.again != 0 || r.log.conflicts != 0 {
		t.Error(r.log.again, r.log.conflicts)
	}
}

// TestPlacesLarge has a file of many ranges, plain and zipped, broken off and resumed.
func TestPlacesLarge(t *testing.T) {
	for name, make := range depots(t) {
		for _, file := range []string{"a.csv", "a.csv.gz"} {
			t.Run(name+" "+file, func(t *testing.T) { testLarge(t, make(), file) })
		}
	}
}

func testLarge(t *testing.T, d depot, name string) {
	const n = 100_000 // some 2 MB
	r := placed(t, d, "*")
	content := manyRows(n)
	if strings.HasSuffix(name, ".gz") {
		content = zip(t, content)
	}
	d.put(name, content)
	r.log.after = func(put int) error {
		if put == 40 {
			return errs.New("engine_failed", "killed")
		}
		return nil
	}
	if err := r.source().Run(t.Context()); !errs.Is(err, "engine_failed") {
		t.Fatal(err)
	}
	r.log.after = nil
	r.run()
	if len(r.log.byID) != n || r.log.conflicts != 0 {
		t.Fatal(len(r.log.byID), r.log.conflicts)
	}
}

type folderDepot struct {
	t   *testing.T
	dir string
}

func (d *folderDepot) put(name, content string) {
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *folderDepot) remove(name string) {
	if err := os.Remove(filepath.Join(d.dir, name)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *folderDepot) configure(c *file.Config, glob string) { c.Path = filepath.Join(d.dir, glob) }

// store speaks as much of S3's protocol as a source needs: lists of two keys a page, and
// ranges of objects.
type store struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string]object
	pages   int
	seen    []string                       // the requests' Authorization
	answer  func(http.ResponseWriter) bool // instead of what it would say, where true
}

type object struct {
	content string
	at      time.Time
}

func newStore(t *testing.T) *store {
	s := &store{objects: map[string]object{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *store) put(name, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects["exports/"+name] = object{content, time.Unix(1_700_000_000, 0)}
}

func (s *store) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, "exports/"+name)
}

func (s *store) configure(c *file.Config, glob string) {
	c.Path, c.AllowPrivate = "s3://depot/exports/"+glob, true
	c.S3 = file.S3{Endpoint: s.URL, AccessKey: "AKIDEXAMPLE", SecretKey: "zzsecret"}
}

func (s *store) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, req.Header.Get("Authorization"))
	if s.answer != nil && s.answer(w) {
		return
	}
	key, ok := strings.CutPrefix(req.URL.Path, "/depot/")
	if !ok || key == "" {
		s.list(w, req)
		return
	}
	o, ok := s.objects[key]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	sum := md5.Sum([]byte(o.content))
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	http.ServeContent(w, req, "", o.at, strings.NewReader(o.content))
}

func (s *store) list(w http.ResponseWriter, req *http.Request) {
	type contents struct {
		Key, LastModified, ETag string
		Size                    int
	}
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []contents
	}
	q := req.URL.Query()
	s.pages++
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || key <= q.Get("continuation-token") {
			continue
		}
		if len(page.Contents) == 2 {
			page.IsTruncated, page.NextContinuationToken = true, page.Contents[1].Key
			break
		}
		o := s.objects[key]
		sum := md5.Sum([]byte(o.content))
		page.Contents = append(page.Contents, contents{key, o.at.UTC().Format(time.RFC3339), `"` + hex.EncodeToString(sum[:]) + `"`, len(o.content)})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(page)
}

func TestS3Pages(t *testing.T) {
	s := newStore(t)
	r := placed(t, s, "*.csv")
	for i := range 7 {
		s.put(fmt.Sprintf("%d.csv", i), fmt.Sprintf("id\n%d\n", i))
	}
	r.run()
	if len(r.log.byID) != 7 || s.pages != 4 {
		t.Error(len(r.log.byID), s.pages)
	}
}

// TestS3SameSizeAndTime has an object replaced by another of its size within its second:
// the store's tag tells.
func TestS3SameSizeAndTime(t *testing.T) {
	s := newStore(t)
	r := placed(t, s, "*.csv")
	s.put("a.csv", "id\n1\n")
	r.run()
	s.put("a.csv", "id\n2\n")
	r.run()
	r.want(`1:1 {"id":"1"}`, `2:1 {"id":"2"}`)
}

// TestS3ReplacedWhileRead gives nothing of the new object as if it were of the old one.
func TestS3ReplacedWhileRead(t *testing.T) {
	s := newStore(t)
	r := placed(t, s, "*.csv")
	old := manyRows(50_000)
	s.put("a.csv", old)
	r.log.after = func(put int) error {
		if put == 2 {
			s.put("a.csv", strings.ReplaceAll(old, "person", "PERSON"))
		}
		return nil
	}
	if err := r.source().Run(t.Context()); !errs.Is(err, "file_unreadable") {
		t.Fatal(err)
	}
	for id, rec := range r.log.byID {
		if strings.Contains(string(rec.Props), "PERSON") {
			t.Fatalf("%s is of the new object", id)
		}
	}
	r.log.after = nil
	r.run()
	for id, rec := range r.log.byID {
		if strings.HasPrefix(id, "2:") && strings.Contains(string(rec.Props), "person ") {
			t.Fatalf("%s is of the old object", id)
		}
	}
	if r.log.conflicts != 0 || len(r.log.byID) < 50_000 {
		t.Fatal(r.log.conflicts, len(r.log.byID))
	}
}

// TestS3Faults: each is told in Kith's own words, without a secret or what the store said.
func TestS3Faults(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter) bool
		code   errs.Code
	}{
		"denied": {func(w http.ResponseWriter) bool {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>zzmessage</Message></Error>")
			return true
		}, file.CodeUnreachable},
		"redirect": {func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "http://169.254.169.254/zzmessage")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}, file.CodeUnreachable},
		"nonsense": {func(w http.ResponseWriter) bool {
			_, _ = io.WriteString(w, "zzmessage")
			return true
		}, file.CodeUnreachable},
		"cut off": {func(w http.ResponseWriter) bool {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "<ListBucketResult>zzmessage")
			return true
		}, file.CodeUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.answer = c.answer
			r := placed(t, s, "*.csv")
			err := r.source().Run(t.Context())
			if !errs.Is(err, c.code) || strings.Contains(err.Error(), "zz") || strings.Contains(err.Error(), "AKID") || strings.Contains(err.Error(), s.URL) {
				t.Errorf("%v", err)
			}
			if len(s.seen) == 0 || !strings.Contains(s.seen[0], "AKIDEXAMPLE") {
				t.Error("the test's store was not asked", s.seen)
			}
		})
	}
}

// TestInnerNetworksAreRefused: whoever may write a source's settings cannot have Kith
// speak to what lies behind the firewall.
func TestInnerNetworksAreRefused(t *testing.T) {
	s := newStore(t)
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, host := range []string{"127.0.0.1" + port, "localhost" + port, "[::ffff:127.0.0.1]" + port, "10.0.0.1", "169.254.169.254", "192.168.1.1:9000"} {
		r := placed(t, s, "*.csv")
		r.cfg.AllowPrivate, r.cfg.S3.Endpoint = false, "https://"+host
		if err := r.source().Run(t.Context()); !errs.Is(err, file.CodePrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"http://169.254.169.254", "http://[::ffff:169.254.169.254]", "https://100.100.100.200"} {
		r := placed(t, s, "*.csv")
		r.cfg.AllowPrivate, r.cfg.S3.Endpoint = true, host
		if err := r.source().Run(t.Context()); !errs.Is(err, file.CodePrivate) || !strings.Contains(err.Error(), "metadata") {
			t.Errorf("%s, though no private network has a store there: %v", host, err)
		}
	}
	if len(s.seen) != 0 {
		t.Errorf("%d requests got through", len(s.seen))
	}
}

// TestUnreachableIsTriedAgain has a store that is down at first: watching goes on, is not
// idle meanwhile, and reads once it is up.
func TestUnreachableIsTriedAgain(t *testing.T) {
	s := newStore(t)
	s.put("a.csv", "id\n1\n")
	s.answer = func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusForbidden); return true }
	r := placed(t, s, "*.csv")
	r.cfg.Watch = true
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	src, err := file.New(r.cfg, file.Deps{Sink: r.log, Store: r.store, Clock: &hands{},
		Progress: func(p file.Progress) {
			r.last = p
			if looks < 2 && (p.Idle || p.Fault != file.CodeUnreachable) {
				t.Errorf("told %+v of a store that says no", p)
			}
		},
		After: func(time.Duration) <-chan time.Time {
			if looks++; looks == 2 {
				s.mu.Lock()
				s.answer = nil
				s.mu.Unlock()
			}
			if looks > 2 && len(r.log.byID) == 1 || looks > 9 {
				cancel()
			}
			c := make(chan time.Time, 1)
			c <- time.Time{}
			return c
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.want(`1:1 {"id":"1"}`)
	if r.last.Fault != "" || !r.last.Idle {
		t.Errorf("%+v", r.last)
	}
}

func TestBadPlaces(t *testing.T) {
	for _, c := range []file.Config{
		{Path: "s3://bucket"}, {Path: "s3:///a.csv"}, {Path: "s3://b*/a.csv"}, {Path: "s3://b/[.csv"}, {Path: "ftp://host/a.csv"},
		{Path: "s3://b/a.csv", S3: file.S3{Endpoint: "http://store.example.com"}},
		{Path: "s3://b/a.csv", S3: file.S3{Endpoint: "https://user:zzword@store.example.com"}},
		{Path: "s3://b/a.csv", S3: file.S3{AccessKey: "zzword"}},
	} {
		c.Name, c.Streams = "crm", []file.StreamMatch{{Stream: "crm.rows"}}
		_, err := file.New(c, file.Deps{})
		if !errs.Is(err, "bad_value") || strings.Contains(err.Error(), "zzword") {
			t.Errorf("%s: %v", c.Path, err)
		}
	}
}
