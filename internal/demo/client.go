package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// client speaks to the demo's server over HTTP, as any user would.
type client struct {
	base, key string
	http      http.Client
}

// call sends body as JSON and reads the answer into out.
func (c *client) call(ctx context.Context, method, path string, body, out any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s answered %d: %s", method, path, resp.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
}

// sqlAnswer is the part of an SQL answer that the demo shows.
type sqlAnswer struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

func (c *client) sql(ctx context.Context, query string) (sqlAnswer, error) {
	var out sqlAnswer
	err := c.call(ctx, http.MethodPost, "/api/sql", map[string]any{"query": query, "max_rows": sqlPage}, &out)
	return out, err
}

// sqlPage is the most rows of one answer.
const sqlPage = 100_000

// sqlAll asks for all rows of a query, page by page.
func (c *client) sqlAll(ctx context.Context, query string) (rows [][]any, err error) {
	for {
		page, err := c.sql(ctx, fmt.Sprintf("select * from (%s) order by 1 limit %d offset %d", query, sqlPage, len(rows)))
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if len(page.Rows) < sqlPage {
			return rows, nil
		}
	}
}

// send posts the web's batches through the tracking API with a few connections at
// once, trying again where the server asks for it.
func (c *client) send(ctx context.Context, batches []WebBatch, sent func(events int)) error {
	work := make(chan WebBatch) // none waits: a sender takes the next when it is free
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for b := range work {
				if err := c.post(ctx, b.Body); err != nil {
					cancel(err)
					return
				}
				sent(b.Events)
			}
		})
	}
feed:
	for _, b := range batches {
		select {
		case work <- b:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

func (c *client) post(ctx context.Context, body []byte) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/batch", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.http.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // read to its end
		switch {
		case err != nil:
			return err
		case resp.StatusCode == http.StatusOK:
			return nil
		case resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable:
			return fmt.Errorf("the tracking API answered %d: %s", resp.StatusCode, answer)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
