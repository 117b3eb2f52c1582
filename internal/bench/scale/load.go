package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/demo"
)

// load is what the made-up shop's sources say.
type load struct {
	dir     string // of the files
	batches []demo.WebBatch
	records int
}

const writeKey = "scale-write-key"

// invent makes the shop and writes its files.
func invent(dir string, people int) (*load, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	w := demo.NewWorld(demo.Params{People: people, Seed: 1})
	files, err := w.WriteFiles(dir)
	if err != nil {
		return nil, err
	}
	batches, web := w.WebTraffic(writeKey)
	return &load{dir: dir, batches: batches, records: files.Rows + web.Rows}, nil
}

// deliver links the files into each process's project, and posts the web's batches
// to the processes in turn, again where one refuses.
func (l *load) deliver(ctx context.Context, all []*process) error {
	names, err := filepath.Glob(filepath.Join(l.dir, "*"))
	if err != nil {
		return err
	}
	for _, p := range all {
		for _, name := range names {
			if err := os.Link(name, filepath.Join(p.dir, "sources", filepath.Base(name))); err != nil {
				return err
			}
		}
	}
	client := &http.Client{Timeout: time.Minute}
	work := make(chan int, len(l.batches))
	for i := range l.batches {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	var once sync.Once
	var fault error
	for range 4 {
		wg.Go(func() {
			for i := range work {
				if err := post(ctx, client, all[i%len(all)].base+"/v1/batch", l.batches[i].Body); err != nil {
					once.Do(func() { fault = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return fault
}

// post posts until it is acknowledged.
func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close() // nothing is read
		switch resp.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		default:
			return fmt.Errorf("%s answers %d", url, resp.StatusCode)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
