package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// HeaderToken carries the position that a read must have reached, and on answers to
// writes the position that the write has.
const HeaderToken = "Kith-Token"

const (
	defaultWait    = 2 * time.Second
	maxWait        = 30 * time.Second
	maxIdentifiers = 100
	defaultHistory = 20
	maxHistory     = 200
)

// lookup is the body of lookupProfiles.
type lookup struct {
	Identifiers []Identifier      `json:"identifiers,omitempty"`
	Email       string            `json:"email,omitempty"` // short for one identifier
	By          map[string]string `json:"by,omitempty"`    // short for several: type to value
	Include     []string          `json:"include,omitempty"`
	AtLeast     string            `json:"at_least,omitempty"`
	WaitMS      *uint64           `json:"wait_ms,omitempty"`
}

func (l *lookup) identifiers() ([]record.Identifier, error) {
	var ids []record.Identifier
	for _, id := range l.Identifiers {
		ids = append(ids, record.Identifier{Type: id.Type, Value: id.Value})
	}
	if l.Email != "" {
		ids = append(ids, record.Identifier{Type: "email", Value: l.Email})
	}
	types := make([]string, 0, len(l.By))
	for t := range l.By {
		types = append(types, t)
	}
	slices.Sort(types)
	for _, t := range types {
		ids = append(ids, record.Identifier{Type: t, Value: l.By[t]})
	}
	if len(ids) == 0 || len(ids) > maxIdentifiers {
		return nil, errs.New(CodeBadBody, "a look-up needs 1 to 100 identifiers").At("/identifiers").
			Fix(`send for example {"identifiers":[{"type":"user_id","value":"42"}]}`)
	}
	for _, id := range ids {
		if id.Type == "" || id.Value == "" {
			return nil, errs.New(CodeBadBody, "an identifier needs a type and a value").At("/identifiers")
		}
	}
	return ids, nil
}

func (c *call) profiles() (Profiles, error) {
	if c.s.deps.Profiles == nil {
		return nil, notConfigured("profiles")
	}
	return c.s.deps.Profiles, nil
}

func notConfigured(what string) error {
	return errs.New(CodeNotConfigured, "this server has no "+what).Fix("configure it, or ask a server that has it")
}

func (c *call) lookupProfiles() error {
	backend, err := c.profiles()
	if err != nil {
		return err
	}
	var body lookup
	if err := c.decode(&body, false); err != nil {
		return err
	}
	ids, err := body.identifiers()
	if err != nil {
		return err
	}
	history, crosswalk := slices.Contains(body.Include, "history"), slices.Contains(body.Include, "crosswalk")
	for _, name := range body.Include {
		if name != "history" && name != "crosswalk" {
			return errs.New(CodeBadBody, "include knows history and crosswalk").At("/include")
		}
	}
	included := slices.Compact(slices.Sorted(slices.Values(body.Include))) // what else was read, for the audit chain
	wait := defaultWait
	if body.WaitMS != nil {
		if *body.WaitMS > uint64(maxWait/time.Millisecond) {
			return errs.New(CodeBadBody, "wait_ms is at most 30000").At("/wait_ms")
		}
		wait = time.Duration(*body.WaitMS) * time.Millisecond
	}
	if err := c.atLeast(backend, body.AtLeast, wait); err != nil {
		return err
	}
	ctx := c.r.Context()
	found, err := backend.Find(ctx, ids)
	if err != nil {
		return err
	}
	var out []byte
	shown := 0
	for _, id := range found {
		p, err := backend.Read(ctx, id, AsOf{})
		if errs.Is(err, "profile_gone") || errs.Is(err, "profile_unknown") {
			continue // it went between the two reads
		}
		if err != nil {
			return err
		}
		if shown++; shown > 1 {
			out = append(out, ',')
		}
		out = record.AppendProfileJSON(out, p)
		if out, err = c.appendMore(out, backend, p, history, crosswalk); err != nil {
			return err
		}
		if err := c.audit(strings.Join(append([]string{p.ID.String()}, included...), " "), "ok", false); err != nil {
			return err
		}
	}
	if shown == 0 {
		parts := make([]string, 0, 2*len(ids))
		for _, id := range ids {
			parts = append(parts, id.Type, id.Value)
		}
		if err := c.audit(c.s.deps.Audit.Hash(parts...), "not_found", false); err != nil {
			return err
		}
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) {
		b = append(b, `{"profiles":[`...)
		b = append(b, out...)
		return append(b, `]}`...), nil
	})
}

// appendMore puts history and crosswalk into the object that b ends with.
func (c *call) appendMore(b []byte, backend Profiles, p *record.Profile, history, crosswalk bool) ([]byte, error) {
	if history {
		versions, err := backend.History(c.r.Context(), p.ID, 0, defaultHistory)
		if err != nil {
			return nil, err
		}
		b = append(b[:len(b)-1], `,"history":`...)
		b = append(appendVersions(b, versions), '}')
	}
	if crosswalk {
		rows, err := backend.Crosswalk(c.r.Context(), p.ID)
		if err != nil {
			return nil, err
		}
		b = append(b[:len(b)-1], `,"crosswalk":`...)
		b = append(appendCrosswalk(b, rows, p), '}')
	}
	return b, nil
}

func appendVersions(b []byte, versions []*record.Profile) []byte {
	b = append(b, '[')
	for i, v := range versions {
		if i > 0 {
			b = append(b, ',')
		}
		b = record.AppendProfileJSON(b, v)
	}
	return append(b, ']')
}

// getProfile is the hot path: one look-up of the key in memory, one read, one
// rendering into a pooled buffer, one entry for the audit chain's next group.
func (c *call) getProfile() error {
	backend, id, err := c.profile()
	if err != nil {
		return err
	}
	var at AsOf
	if c.query != nil {
		if at, err = c.asOf(); err != nil {
			return err
		}
	}
	p, err := backend.Read(c.r.Context(), id, at)
	if auditErr := c.audit(id.String(), outcome(err), false); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) {
		start := len(b)
		if p.ID != id {
			b = append(b, `{"resolved_from":"`...)
			b = append(append(b, id.String()...), '"', ',')
			start = len(b)
		}
		b = record.AppendProfileJSON(b, p)
		if start > 0 { // the profile's own brace is opened already
			b = append(b[:start], b[start+1:]...)
		}
		return b, nil
	})
}

// profile reads the id of the path, and waits for at_least.
func (c *call) profile() (Profiles, record.ProfileID, error) {
	backend, err := c.profiles()
	if err != nil {
		return nil, record.ProfileID{}, err
	}
	id, err := record.ParseProfileID(c.r.PathValue("id"))
	if err != nil {
		return nil, id, err
	}
	ms, err := c.number("wait_ms", 0, uint64(maxWait/time.Millisecond), uint64(defaultWait/time.Millisecond))
	if err != nil {
		return nil, id, err
	}
	return backend, id, c.atLeast(backend, c.query.Get("at_least"), time.Duration(ms)*time.Millisecond)
}

// atLeast waits until profiles reflect a token, at most wait. It fails with code
// not_yet, and bad_token.
func (c *call) atLeast(backend Profiles, token string, wait time.Duration) error {
	if token == "" {
		if token = c.r.Header.Get(HeaderToken); token == "" {
			return nil
		}
	}
	position, err := record.ParseToken(token)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), wait)
	defer cancel()
	err = backend.Wait(ctx, position)
	if err != nil && ctx.Err() != nil && c.r.Context().Err() == nil {
		return errs.New(CodeNotYet, "profiles do not reflect this token yet").Fix("ask again, or wait longer with wait_ms (at most 30000)")
	}
	return err
}

func (c *call) asOf() (at AsOf, err error) {
	if at.Version, err = c.number("version", 1, 1<<63-1, 0); err != nil {
		return at, err
	}
	text := c.query.Get("at")
	if text == "" {
		return at, nil
	}
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, errs.New(CodeBadParameter, "at is no RFC 3339 time").At("at").Fix("write it like 2026-01-31T12:00:00Z")
	}
	if at.Version != 0 {
		return at, errs.New(CodeBadParameter, "version and at exclude each other").At("at")
	}
	at.Time = moment.UnixMicro()
	return at, nil
}

func (c *call) getHistory() error {
	backend, id, err := c.profile()
	if err != nil {
		return err
	}
	before, err := c.number("before", 1, 1<<63-1, 0)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 1, maxHistory, defaultHistory)
	if err != nil {
		return err
	}
	versions, err := backend.History(c.r.Context(), id, before, int(limit))
	if auditErr := c.audit(id.String(), outcome(err), false); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) {
		b = append(b, `{"id":"`...)
		b = append(b, id.String()...)
		b = append(b, `","versions":`...)
		return append(appendVersions(b, versions), '}'), nil
	})
}

func (c *call) getCrosswalk() error {
	backend, id, err := c.profile()
	if err != nil {
		return err
	}
	ctx := c.r.Context()
	p, err := backend.Read(ctx, id, AsOf{})
	var rows []*record.SourceCustomer
	if err == nil {
		rows, err = backend.Crosswalk(ctx, p.ID)
	}
	if auditErr := c.audit(id.String(), outcome(err), false); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) {
		b = append(b, `{"id":"`...)
		b = append(b, p.ID.String()...)
		b = append(b, `","records":`...)
		return append(appendCrosswalk(b, rows, p), '}'), nil
	})
}

// appendCrosswalk appends what every source says, each value with whether it is the
// one that survived into p.
func appendCrosswalk(b []byte, rows []*record.SourceCustomer, p *record.Profile) []byte {
	b = append(b, '[')
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"record":"`...), row.Node.String()...), '"')
		b = appendMember(b, "source", row.Source)
		b = appendMember(b, "stream", row.Stream)
		b = appendMember(b, "key", row.Key)
		b = appendMember(b, "received", record.TimeValue(row.Received).Text())
		b = append(b, `,"identifiers":[`...)
		for j, id := range row.Identifiers {
			if j > 0 {
				b = append(b, ',')
			}
			b = record.AppendJSONString(append(b, `{"type":`...), id.Type)
			b = append(appendMember(b, "value", id.Value), '}')
		}
		b = append(b, `],"attributes":{`...)
		for j := range row.Attrs {
			a := &row.Attrs[j]
			if j > 0 {
				b = append(b, ',')
			}
			b = append(record.AppendJSONString(b, a.Name), `:{"value":`...)
			b = a.Value.AppendJSON(b)
			b = appendMember(b, "time", record.TimeValue(a.Order.Effective).Text())
			if a.Value.Filled {
				b = append(b, `,"filled":true`...)
			}
			if survives(p, row.Node, a) {
				b = append(b, `,"survives":true}`...)
			} else {
				b = append(b, `,"survives":false}`...)
			}
		}
		b = append(b, `}}`...)
	}
	return append(b, ']')
}

func appendMember(b []byte, name, value string) []byte {
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	return record.AppendJSONString(b, value)
}

// survives reports whether the attribute is the golden one. Rules that compute a
// value from several records name one of them; it survives only where it is equal.
func survives(p *record.Profile, node record.NodeKey, a *record.TimedAttr) bool {
	i, ok := slices.BinarySearchFunc(p.Attrs, a.Name, func(g record.GoldenAttr, name string) int { return strings.Compare(g.Name, name) })
	return ok && p.Attrs[i].Node == node && p.Attrs[i].Value == a.Value
}
