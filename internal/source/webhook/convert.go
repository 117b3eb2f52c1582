package webhook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// unmatchedStream is where what no stream matches lies in the quarantine, behind its
// source's name.
const unmatchedStream = ".unmatched"

// The longest id and name of what happened, in bytes.
const (
	maxID    = 200
	maxEvent = 200
)

// convert turns a verified body into records. A list at its top is that many
// deliveries in one.
func (d *delivery) convert(body []byte) *fault {
	had := len(body)
	body, f := fromForm(body, d.header.Get("Content-Type"))
	if f != nil {
		return f
	}
	if len(body) != had && !d.hold.take(len(body)) {
		return overloaded
	}
	body = bytes.Trim(body, " \t\r\n")
	if f := check(body); f != nil {
		return f
	}
	if kindOf(body) != '[' {
		return d.convertItem(body, d.headerID(""))
	}
	w := walk(body)
	for i := 0; ; i++ {
		item, ok := w.element()
		if !ok {
			return nil
		}
		if f := d.convertItem(item, d.headerID("#"+strconv.Itoa(i))); f != nil {
			return f
		}
	}
}

// headerID is the delivery's id by its header, for the item that suffix tells apart.
func (d *delivery) headerID(suffix string) string {
	if d.src.IDHeader == "" {
		return ""
	}
	id := d.header.Get(d.src.IDHeader)
	if id == "" {
		return ""
	}
	return short(id) + suffix
}

// short is an id that is not too long to be one.
func short(id string) string {
	if len(id) > maxID {
		sum := sha256.Sum256([]byte(id))
		return hex.EncodeToString(sum[:])
	}
	return strings.ToValidUTF8(id, "\uFFFD")
}

// convertItem appends the records of one item.
func (d *delivery) convertItem(item []byte, id string) *fault {
	event := d.header.Get(d.src.EventHeader)
	if d.src.Event != "" {
		event = textAt(item, d.src.Event)
	}
	if event = strings.ToValidUTF8(event, "\uFFFD"); len(event) > maxEvent {
		event = ""
	}
	if d.src.ID != "" {
		if id = textAt(item, d.src.ID); id != "" {
			id = short(id)
		}
	}
	r := record.Record{ID: id, Source: d.src.Name, Stream: d.src.Name + unmatchedStream, Event: event, Props: item, Hash: d.hash(item)}
	stream := d.src.streamOf(event)
	if stream == nil {
		return d.reject(r, codeUnmatched)
	}
	r.Stream = stream.Stream
	if matches(stream.Deletes, event) {
		r.Op = record.Delete
	}
	if kindOf(item) != '{' {
		return d.reject(r, codeNoObject)
	}
	if stream.Records == "" {
		return d.add(r)
	}
	inner, _ := find(item, stream.Records)
	switch kindOf(inner) {
	case '{':
		return d.addInner(r, stream, inner)
	case '[':
		w := walk(inner)
		for i := 0; ; i++ {
			one, ok := w.element()
			if !ok {
				return nil
			}
			r := r
			if id != "" {
				r.ID = id + "#" + strconv.Itoa(i)
			}
			if f := d.addInner(r, stream, one); f != nil {
				return f
			}
		}
	}
	return d.reject(r, codeNoRecords)
}

// addInner appends a record that lies within the delivery, with what the stream wants
// of its surroundings.
func (d *delivery) addInner(r record.Record, stream *Stream, inner []byte) *fault {
	whole := r.Props
	r.Props = inner
	if kindOf(inner) != '{' {
		r.Hash = xxhash.Sum64(r.Props)
		return d.reject(r, codeNoObject)
	}
	for _, path := range stream.With {
		name := path[strings.LastIndexByte(path, '.')+1:]
		v, found := find(whole, path)
		if _, taken := find(inner, name); !found || taken {
			continue
		}
		b := append(record.AppendJSONString([]byte{'{'}, name), ':')
		b = append(b, v...)
		if rest := bytes.TrimLeft(r.Props[1:], " \t\r\n"); rest[0] != '}' {
			b = append(b, ',')
		}
		b = append(b, r.Props[1:]...)
		if !d.hold.take(len(b)) {
			return overloaded
		}
		r.Props = b
	}
	r.Hash = xxhash.Sum64(r.Props)
	return d.add(r)
}

func (d *delivery) add(r record.Record) *fault {
	if len(d.records) >= d.src.MaxRecords {
		return tooMany
	}
	had := cap(d.records)
	d.records = append(d.records, r)
	if !d.hold.take((cap(d.records) - had) * int(unsafe.Sizeof(r))) {
		return overloaded
	}
	return nil
}

// reject appends what is set aside. Its id is not that of the delivery: what comes
// again under that, once the reason is mended, is no copy of it.
func (d *delivery) reject(r record.Record, code errs.Code) *fault {
	r.Reject, r.Op, r.Kind = string(code), record.Upsert, record.Event
	if r.ID != "" {
		r.ID += rejectedID
	}
	if kindOf(r.Props) != '{' {
		r.Props = append(append([]byte(`{"_raw":`), r.Props...), '}')
		if !d.hold.take(len(r.Props)) {
			return overloaded
		}
	}
	d.rejected++
	return d.add(r)
}

// hash is that of an item as it was sent, without what the next try changes.
func (d *delivery) hash(item []byte) uint64 {
	name := d.src.verify.volatile
	if name == "" || kindOf(item) != '{' {
		return xxhash.Sum64(item)
	}
	w := walk(item)
	for {
		n, v, ok := w.member()
		if !ok {
			return xxhash.Sum64(item)
		}
		if n != name {
			continue
		}
		end := int(w.d.InputOffset())
		var h xxhash.Digest
		h.Reset()
		_, _ = h.Write(item[:end-len(v)]) // never fails
		_, _ = h.Write(item[end:])
		return h.Sum64()
	}
}
