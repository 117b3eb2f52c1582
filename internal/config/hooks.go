package config

import (
	"fmt"
	"path"

	"github.com/kithdata/kith/internal/source/webhook"
)

func hookSource(name string, s *value) webhook.Config {
	v := s.get("verify")
	return webhook.Config{
		Name: name,
		Path: s.get("path").text(),
		Verify: webhook.Verify{
			Scheme:    v.get("scheme").text(),
			Secrets:   v.get("secrets").texts(),
			Header:    v.get("header").text(),
			Prefix:    v.get("prefix").text(),
			Encoding:  v.get("encoding").text(),
			Digest:    v.get("digest").text(),
			Timestamp: v.get("timestamp").text(),
			Signed:    v.get("signed").text(),
		},
		Tolerance:   s.get("tolerance").duration(),
		Event:       s.get("event").text(),
		EventHeader: s.get("event_header").text(),
		ID:          s.get("id").text(),
		IDHeader:    s.get("id_header").text(),
		MaxBody:     s.get("max_body").int(),
		MaxRecords:  s.get("max_records").int(),
	}
}

// matchHooks tells every webhook source which of its deliveries belong to which stream.
func (b *builder) matchHooks(streams []sourceStream) {
	count := map[string]int{}
	for _, s := range streams {
		count[s.source]++
	}
	for _, s := range streams {
		match := s.v.get("match")
		if match == nil && count[s.source] > 1 {
			b.add(s.v.key, CodeStreamMatch, fmt.Sprintf("source %s has %d streams, and %s does not say which deliveries are its own", s.source, count[s.source], s.stream),
				`add match: with globs of what happened, for example ["customer.*"]; "*" takes what the streams above it left`)
		}
		for _, globs := range []*value{match, s.v.get("deletes")} {
			for _, glob := range globs.texts() {
				if _, err := path.Match(glob, ""); err != nil {
					b.add(globs.node, CodeStreamMatch, globs.path+" has an item that is no pattern", "close every [ and escape special characters with \\")
				}
			}
		}
		if with := s.v.get("with"); with != nil && s.v.get("records") == nil {
			b.add(with.node, CodeStreamMatch, with.path+" says what to add to records, and the whole delivery is one", "add records:, or remove with")
		}
		c := &b.tree.Hooks[b.sources[s.source].index]
		c.Streams = append(c.Streams, webhook.Stream{Stream: s.stream, Match: match.texts(), Deletes: s.v.get("deletes").texts(),
			Records: s.v.get("records").text(), With: s.v.get("with").texts()})
	}
	for i := range b.tree.Hooks {
		if c := &b.tree.Hooks[i]; count[c.Name] == 0 {
			b.add(b.sources[c.Name].node, CodeStreamMatch, fmt.Sprintf("webhook source %s has no stream", c.Name), "describe what its deliveries mean under streams, for example "+c.Name+".events")
		}
	}
}

// noMatch refuses what only streams of webhook sources know.
func (b *builder) noMatch(s *value) {
	for _, key := range []string{"match", "deletes", "records", "with"} {
		if v := s.get(key); v != nil {
			b.add(v.key, CodeStreamMatch, v.path+" is for streams of webhook sources", "remove it")
		}
	}
}

// HookCautions is what is no fault of a webhook source and yet is to be known.
func HookCautions(t *Tree) []string {
	var notes []string
	for _, c := range t.Hooks {
		if c.Verify.Scheme == "none" {
			notes = append(notes, "source "+c.Name+": anybody who reaches its path is believed, for its scheme is none; keep it from others, or have the sender sign")
		}
	}
	return notes
}
