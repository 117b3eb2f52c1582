package app

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/govern/access"
	"github.com/kithdata/kith/internal/govern/audit"
)

// keyring implements api.Keys.
type keyring struct{ a *App }

func (k keyring) Authenticate(ctx context.Context, presented string) (api.Principal, error) {
	p, err := k.a.keys.Authenticate(ctx, presented)
	return api.Principal{ID: p.ID, Name: p.Name, Role: api.Role(p.Role.String())}, err
}

func (k keyring) Create(ctx context.Context, name string, role api.Role, expires time.Time) (api.Key, string, error) {
	r, err := access.RoleOf(string(role))
	if err != nil {
		return api.Key{}, "", err
	}
	key, secret, err := k.a.keys.Create(ctx, name, r, expires)
	return apiKey(key), secret, err
}

func (k keyring) List(ctx context.Context) ([]api.Key, error) {
	keys, err := k.a.keys.List(ctx)
	list := make([]api.Key, 0, len(keys))
	for _, key := range keys {
		list = append(list, apiKey(key))
	}
	return list, err
}

func (k keyring) Revoke(ctx context.Context, id string) (api.Key, error) {
	key, err := k.a.keys.Revoke(ctx, id)
	return apiKey(key), err
}

func apiKey(k access.Key) api.Key {
	return api.Key{ID: k.ID, Name: k.Name, Role: api.Role(k.Role.String()), Created: k.Created, Expires: k.Expires, Revoked: k.Revoked}
}

// auditor implements api.Audit.
type auditor struct{ a *App }

func (u auditor) Record(ctx context.Context, e api.AuditEntry, durable bool) error {
	return u.a.audit.Record(ctx, audit.Entry{Principal: e.Principal, Action: e.Action, What: e.What, Outcome: e.Outcome}, durable)
}

func (u auditor) Hash(parts ...string) string { return u.a.audit.Hash(parts...) }

func (u auditor) Query(sql string) string { return u.a.audit.Query(sql) }

func (u auditor) Verify(ctx context.Context) (*api.AuditReport, error) {
	r, err := u.a.audit.Verify(ctx)
	if err != nil {
		return nil, err
	}
	out := &api.AuditReport{Sound: r.Sound(), Segments: r.Segments, Entries: r.Entries, Head: r.Head, Torn: r.Torn}
	for _, f := range r.Faults {
		out.Faults = append(out.Faults, api.AuditFault{Segment: f.Segment, Line: f.Line, Code: f.Code, What: f.What})
	}
	return out, nil
}
