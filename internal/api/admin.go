package api

import (
	"net/http"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

func (c *call) listKeys() error {
	keys, err := c.s.deps.Keys.List(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page[Key]{Items: keys})
}

// created is a new key with its secret, which is shown this once.
type created struct {
	Key    Key    `json:"key"`
	Secret string `json:"secret"`
}

func (c *call) createKey() error {
	var body struct {
		Name    string    `json:"name"`
		Role    Role      `json:"role"`
		Expires time.Time `json:"expires,omitzero"`
	}
	if err := c.decode(&body, false); err != nil {
		return err
	}
	switch body.Role {
	case RoleIngest, RoleRead, RoleOperate, RoleAdmin:
	default:
		return errs.New("role_unknown", "there is no such role").At("/role").Fix("use ingest, read, operate or admin")
	}
	if err := c.audit("role "+string(body.Role), "requested", true); err != nil {
		return err
	}
	key, secret, err := c.s.deps.Keys.Create(c.r.Context(), body.Name, body.Role, body.Expires)
	if err != nil {
		return err
	}
	if err := c.audit(key.ID, "ok", true); err != nil {
		return err
	}
	return c.json(http.StatusCreated, created{Key: key, Secret: secret})
}

func (c *call) revokeKey() error {
	id := c.r.PathValue("id")
	if !isKeyID(id) { // it goes into the audit chain, where no free text may be
		return errs.New("key_unknown", "there is no key with this id").Fix("list the keys to see their ids")
	}
	if err := c.audit(id, "requested", true); err != nil {
		return err
	}
	key, err := c.s.deps.Keys.Revoke(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, key)
}

func isKeyID(id string) bool {
	for i := range len(id) {
		if !(id[i] >= 'a' && id[i] <= 'z' || id[i] >= '0' && id[i] <= '9') {
			return false
		}
	}
	return len(id) > 0 && len(id) <= 32
}

func (c *call) verifyAudit() error {
	report, err := c.s.deps.Audit.Verify(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, report)
}
