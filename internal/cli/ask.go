package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

// answer is what the API said, as it was sent and read.
type answer[T any] struct {
	raw   []byte
	value T
}

// ask reads the answer to a call of the client. What is no success becomes the
// fault that the body tells.
func ask[T any](resp *http.Response, err error) (a answer[T], _ error) {
	if err != nil {
		if errs.CodeOf(err) != "" || errors.Is(err, context.Canceled) {
			return a, err
		}
		return a, errs.Wrap(codeReach, "asking the server", err).Fix("see whether kith run still goes, and ask again")
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		return a, errs.Wrap(codeAnswer, "reading the server's answer", err).Fix("ask again")
	}
	if resp.StatusCode >= 300 {
		var f client.Fault
		if err := json.Unmarshal(a.raw, &f); err != nil || f.Code == "" {
			return a, errs.New(codeAnswer, fmt.Sprintf("the server answered with status %d", resp.StatusCode)).
				Fix("see whether the address that the project announces is Kith's own")
		}
		return a, errs.New(errs.Code(f.Code), f.Message).At(text(f.Where)).Fix(f.Mend)
	}
	if err := json.Unmarshal(a.raw, &a.value, exactNumbers()); err != nil {
		return a, errs.Wrap(codeAnswer, "reading the server's answer", err).Fix("see whether the server is of the same version: kith status")
	}
	return a, nil
}

// exactNumbers keeps numbers of any size as they are written.
func exactNumbers() json.Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, v *any) error {
		if d.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		n, err := d.ReadValue()
		*v = jsontext.Value(bytes.Clone(n))
		return err
	}))
}

// show prints an answer: as it was sent for machines, by human for people.
func show[T any](g *Globals, a answer[T], human func(p *printer, value T)) error {
	if g.JSON {
		return g.printRaw(a.raw)
	}
	p := g.printer()
	human(p, a.value)
	return p.err
}

func (g *Globals) printRaw(raw []byte) error {
	_, err := g.Out.Write(append(bytes.TrimRight(raw, "\n"), '\n'))
	return err
}

func (g *Globals) printJSON(v any) error {
	raw, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	return g.printRaw(raw)
}

// text is a text that may be absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// optional leaves an empty text out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// pages asks for pages until there are no more, or want items were read.
func pages[T any](want int, page func(cursor *string, limit int) (items []T, next *string, err error)) ([]T, error) {
	var all []T
	for cursor := (*string)(nil); len(all) < want; {
		items, next, err := page(cursor, min(want-len(all), pageItems))
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == nil || len(items) == 0 {
			break
		}
		cursor = next
	}
	return all, nil
}

// pageItems is the most that the API gives at once.
const pageItems = 500
